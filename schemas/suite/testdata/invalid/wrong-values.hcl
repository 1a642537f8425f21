model "m" {}

provider "endpoint" "e" {
  url = null
}

engine "v" {
  image = ["acme/v:1"]
  args  = "--fast"
  env   = { A = [1] }
}

workload "w" {
  isl      = "long"
  osl      = { tokens = 1 }
  requests = [1]
  ignore_eos = "maybe"
}

gpu "H100" {
  price_per_hour = 3
}

gpu "A100" {
  price_as_of = "2026-07-01"
}

gpu "L4" {
  price_per_hour = 1
  price_as_of    = "July"
}

engine "list" {
  args = ["--a", null]
}

budget {}

suite {}

benchmark "b" {
  users = "many"
}
