suite "traces" {}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "absent" {
  trace = "nosuch.jsonl"
}

workload "broken" {
  trace = "broken.trace"
}

workload "beside" {
  isl           = 64
  osl           = 16
  ramp          = "5s"
  arrival       = "constant"
  shared_prefix = 8
  trace         = "two.trace"
}

workload "long" {
  requests = 3
  trace    = "two.trace"
}

workload "both" {
  phases = [{ users = 8, duration = "1m" }]
  trace  = "two.trace"
  isl    = 64
  osl    = 16
}

workload "slow" {
  isl         = 64
  osl         = 16
  requests    = 100
  trace_speed = 2
}

workload "good" {
  trace       = "two.trace"
  trace_speed = 2
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.good
  gpu_type = "H100"
  osl      = 8
  matrix {
    rate = [4, 8]
  }
}
