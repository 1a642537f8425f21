model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "paid" {}

provider "endpoint" "free" {
  url = "http://free.test"
}

gpu "MI500" {
  price_per_hour = 9
  price_as_of    = "2026-07-01"
}

workload "w" {
  isl = 64
  osl = 16
}

benchmark "b" {
  model    = model.m
  workload = workload.w
  users    = 1
  trials   = 2

  matrix {
    provider = [provider.endpoint.free, provider.simulator.paid]
    gpu_type = ["H100", "MI400", "MI500"]
  }
}

budget {
  usd = 10
}
