# Loads that change as they go on are named by what they go through, and carry it in their configurations.

suite "phases" {
  seed = 1
}

model "qwen" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}

provider "fake" "lab" {}

workload "steps" {
  isl    = 128
  osl    = 32
  phases = [{ users = 8, duration = "1m" }, { users = 16, duration = "1m" }]
}

workload "wave" {
  isl    = 128
  osl    = 32
  phases = [{ rate = 2, duration = "1m" }, { rate = 12.5, duration = "90s", ramp = "30s" }]
}

benchmark "phased" {
  model    = model.qwen
  provider = provider.fake.lab
  gpu_type = "H100"
  trials   = 1
  matrix {
    workload = [workload.steps, workload.wave]
  }
}
