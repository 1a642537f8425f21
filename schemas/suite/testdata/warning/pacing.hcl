model "m" {
  repo     = "acme/m"
  revision = "0123456789012345678901234567890123456789"
}

provider "simulator" "s" {}

workload "closed" {
  isl           = 8
  osl           = 8
  arrival       = "gamma"
  burstiness    = 2
  max_in_flight = 9
  grace         = "1m"
}

workload "shared" {
  isl      = 8
  osl      = 8
  arrival  = "constant"
  duration = "1m"
  grace    = "1m"
}

workload "unused" {
  arrival = "constant"
}

benchmark "users" {
  model    = model.m
  provider = provider.simulator.s
  gpu_type = "H100"
  trials   = 1
  users    = 4
  matrix {
    workload = [workload.closed, workload.shared]
  }
}

benchmark "rate" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.shared
  gpu_type = "H100"
  trials   = 1
  rate     = 4
}
