# Two benchmarks that share deployments; one varies the engine.
suite "engines" { seed = 7 }

model "tiny" {
  repo     = "org/tiny"
  revision = "0123456789012345678901234567890123456789"
}

engine "vllm" {
  image = "vllm/vllm-openai:v0.11.2"
  args  = ["--no-enable-prefix-caching"]
}

engine "sglang" { image = "lmsysorg/sglang:v0.5.4" }

provider "fake" "cloud" {
  quota = { H100 = 4 }
  ttl   = "1h"
}

workload "chat" {
  isl = 128
  osl = 32
}

benchmark "long" {
  model    = model.tiny
  provider = provider.fake.cloud
  workload = workload.chat
  gpu_type = "H100"
  gpus     = 2
  trials   = 1
  matrix {
    engine = [engine.vllm, engine.sglang]
    users  = [16, 32]
  }
}

benchmark "short" {
  model    = model.tiny
  engine   = engine.vllm
  provider = provider.fake.cloud
  workload = workload.chat
  gpu_type = "H100"
  gpus     = 2
  osl      = 8
  trials   = 1
  matrix { users = [16, 32] }
  slo { ttft_p99 = "2s" }
}
