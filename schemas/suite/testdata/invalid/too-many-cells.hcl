
benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    gpus  = range(1, 11)
    users = range(1, 41)
    isl   = [1, 2, 3]
  }
}

benchmark "c" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    users = range(1, 101)
  }
}

benchmark "d" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    users = range(1, 101)
  }
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
