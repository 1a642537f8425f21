# Cells at a rate: their arrivals are in their configurations, what of them bears on nothing is not.

suite "rates" {
  seed = 1
}

model "qwen" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}

provider "fake" "lab" {}

workload "poisson" {
  isl      = 128
  osl      = 32
  requests = 600
}

workload "bursts" {
  isl           = 128
  osl           = 32
  duration      = "1m"
  ramp          = "10s"
  arrival       = "gamma"
  burstiness    = 0.5
  max_in_flight = 64
}

benchmark "open" {
  model    = model.qwen
  provider = provider.fake.lab
  gpu_type = "H100"
  trials   = 1
  matrix {
    workload = [workload.poisson, workload.bursts]
    rate     = [0.5, 20]
  }
}
