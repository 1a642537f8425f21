suite "phases" {}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "mixed" {
  isl    = 64
  osl    = 16
  phases = [{ users = 8, duration = "1m" }, { rate = 5, duration = "1m" }, { users = 8 }]
}

workload "ends" {
  isl      = 64
  osl      = 16
  requests = 100
  ramp     = "5s"
  phases   = [{ users = 8, duration = "1m" }]
}

workload "good" {
  isl    = 64
  osl    = 16
  phases = [{ users = 8, duration = "1m" }]
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  gpu_type = "H100"
  matrix {
    workload = [workload.mixed, workload.ends, workload.good]
    users    = [4, 8]
  }
}
