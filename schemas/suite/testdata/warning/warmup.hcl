model "m" {
  repo     = "acme/m"
  revision = "0123456789012345678901234567890123456789"
}

provider "simulator" "s" {}

workload "few" {
  isl    = 8
  osl    = 8
  warmup = 8
}

workload "settling" {
  isl    = 8
  osl    = 8
  warmup = "settle"
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  gpu_type = "H100"
  trials   = 1
  matrix {
    workload = [workload.few, workload.settling]
    users    = [8, 9, 16]
  }
}
