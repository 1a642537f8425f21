suite "loads" {
  requests = 100
}

model "m" {
  repo = "/weights/m"
}

provider "simulator" "s" {}

workload "timed" {
  duration   = "120s"
  isl        = 128
  osl        = 32
  arrival    = "gamma"
  burstiness = 0.5
}

workload "counted" {
  isl = 128
  osl = 32
}

benchmark "open" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.timed
  gpu_type = "H100"
  gpus     = 2

  matrix {
    rate = [0.5, 2]
  }
}

benchmark "floor" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.counted
  gpu_type = "H100"
  trials   = 1

  matrix {
    only = [{ users = 4 }, { users = 64 }, { rate = 3 }]
  }
}
