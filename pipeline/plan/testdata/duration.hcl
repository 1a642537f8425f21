# A load that a duration ends has a grace in its configuration.

suite "duration" {
  seed = 1
}

model "qwen" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}

provider "fake" "lab" {}

workload "timed" {
  duration = "1m"
  grace    = "45s"
  isl      = 128
  osl      = 32
}

benchmark "timed" {
  model    = model.qwen
  provider = provider.fake.lab
  workload = workload.timed
  gpu_type = "H100"
  users    = 4
  trials   = 1
}
