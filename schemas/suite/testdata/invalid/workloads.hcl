workload "both" {
  isl      = 64
  osl      = 16
  requests = 100
  duration = "10s"
}

workload "prefix" {
  isl           = 64
  osl           = 16
  shared_prefix = 64
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.both
  gpu_type = "H100"
  users = 1
}

benchmark "c" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.prefix
  gpu_type = "H100"
  matrix {
    users = [1, 2]
  }
}

benchmark "d" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  rate = 5
}

benchmark "e" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.lengthless
  gpu_type = "H100"
  users = 5
}

workload "lengthless" {
  osl = 8
}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "w" {
  isl = 64
  osl = 16
}
