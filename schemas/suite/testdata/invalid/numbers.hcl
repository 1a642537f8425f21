model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {
  quota = { H100 = 0.5 }
}

workload "w" {
  isl           = 0
  osl           = 1.5
  requests      = -1
  shared_prefix = 1e300
  temperature   = 9
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = ""
  gpus     = 0
  trials   = 2.5

  matrix {
    isl   = [0, 128, 1.25]
    users = [0]
  }
}
