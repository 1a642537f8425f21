
benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"

  matrix {
    users = [1, 2]
    rate  = [1]
  }
}

benchmark "c" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"

  users = 2
  matrix {
    include = [{ rate = 1 }]
    gpus    = [1, 2]
  }
}

benchmark "d" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  gpus = 1
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
