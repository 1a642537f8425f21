# Six cells on the simulated endpoint: no GPU, no account, no network. Try it with
#
#   inferencex run quickstart.hcl
#
# To measure a real server instead, replace the provider block by one of type "endpoint" or "process".

suite "quickstart" {
  description = "Qwen3-8B-FP8 on one and two simulated H100: GPUs × users"
  seed        = 42
}

model "qwen3-8b" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}

provider "simulator" "local" {
  speed = 3 # simulated seconds a second; all reported times are simulated ones
}

workload "chat" {
  isl = 1024 # input tokens of every request
  osl = 128  # output tokens of every request
}

benchmark "gpu_users" {
  model    = model.qwen3-8b
  provider = provider.simulator.local
  workload = workload.chat
  gpu_type = "H100"
  trials   = 1

  matrix {
    gpus  = [1, 2]
    users = [8, 32, 64]
  }
}
