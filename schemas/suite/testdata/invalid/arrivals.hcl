suite "arrivals" {}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "poisson" {
  isl        = 64
  osl        = 16
  requests   = 100
  burstiness = 0.5
}

workload "ramp" {
  isl      = 64
  osl      = 16
  duration = "30s"
  ramp     = "30s"
}

workload "bounds" {
  isl           = 64
  osl           = 16
  requests      = 100
  arrival       = "gama"
  max_in_flight = 0
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  gpu_type = "H100"
  matrix {
    workload = [workload.poisson, workload.ramp, workload.bounds]
    rate     = [5, -1]
  }
}
