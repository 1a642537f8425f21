# A trace is named by its file and its content, and is in configurations by its content alone.

suite "traces" {
  seed = 1
}

model "qwen" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}

provider "fake" "lab" {}

workload "all" {
  trace = "trace.jsonl"
}

workload "faster" {
  trace       = "trace.jsonl"
  trace_speed = 2
  duration    = "1s"
}

benchmark "replay" {
  model    = model.qwen
  provider = provider.fake.lab
  gpu_type = "H100"
  trials   = 1
  matrix {
    workload = [workload.all, workload.faster]
  }
}
