suite "turns" {}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "values" {
  isl        = 64
  osl        = 16
  turns      = 0
  think_time = "-2s"
}

workload "words" {
  isl        = 64
  osl        = 16
  turns      = "many"
  think_time = { exponental = "2s" }
}

workload "shapes" {
  isl        = 64
  osl        = 16
  turns      = [2, 6]
  think_time = 2
}

workload "traced" {
  trace      = "two.trace"
  turns      = 4
  think_time = "2s"
}

workload "asked" {
  dataset = "prompts.jsonl"
  osl     = 16
  turns   = 4
}

workload "few" {
  isl      = 64
  osl      = 16
  requests = 16
  turns    = 4
}

workload "alone" {
  isl        = 64
  osl        = 16
  requests   = 100
  think_time = "2s"
}

benchmark "closed" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.few
  gpu_type = "H100"
  users    = 8
}

benchmark "open" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.alone
  gpu_type = "H100"
  rate     = 5
}
