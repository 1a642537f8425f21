# A batch: three models on two GPU types in one run, side by side in one report.

suite "batch" {
  description = "Three 7B and 8B models on H100 and H200"
  seed        = 42
}

model "qwen3-8b" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}

model "llama-8b" {
  repo = "meta-llama/Llama-3.1-8B"
}

model "mistral-7b" {
  repo = "mistralai/Mistral-7B-v0.3"
}

provider "simulator" "local" {
  speed = 3 # simulated seconds a second
}

workload "chat" {
  isl = 512
  osl = 128
}

benchmark "models" {
  provider = provider.simulator.local
  workload = workload.chat
  trials   = 1

  matrix {
    model    = [model.qwen3-8b, model.llama-8b, model.mistral-7b]
    gpu_type = ["H100", "H200"]
    gpus     = [1]
    users    = [16, 64]
  }
}
