model "m" {
  repo     = "acme/m"
  revision = "0123456789012345678901234567890123456789"
}

provider "simulator" "s" {}

workload "cold" {
  isl    = 8
  osl    = 8
  warmup = 0
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.cold
  gpu_type = "H100"
  trials   = 1
  users    = 2
}
