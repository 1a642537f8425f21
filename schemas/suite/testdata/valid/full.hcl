suite "qwen3-8b" {
  description = "GPUs × users, and two cells by hand"
  seed        = 42
  salt        = "2026-11"
  on_failure  = "stop"
}

variable "requests" {
  type        = number
  default     = 1024
  description = "Measured requests of a cell."
  validation {
    condition     = var.requests >= 1
    error_message = "At least one request is needed."
  }
}

variable "hf_token" {
  type      = string
  default   = env("HF_TOKEN")
  sensitive = true
}

locals {
  long = { isl = 4096, osl = 1024 }
}

model "qwen3-8b" {
  repo      = "Qwen/Qwen3-8B-FP8"
  revision  = "220b46e3b2180893580a4454f21f22d3ebb187d3"
  tokenizer = "tokenizer.json"
}

gpu "H100" {
  price_per_hour = 3.95
  price_as_of    = "2026-07-01"
  tdp_watts      = 700
}

engine "vllm" {
  image = "vllm/vllm-openai:v0.11.2"
  args  = ["--no-enable-prefix-caching"]
  env   = { HF_TOKEN = var.hf_token, UNSET = null, VLLM_LOGGING_LEVEL = "INFO" }
}

provider "endpoint" "cloud" {
  url     = "https://example.test/v1"
  api_key = var.hf_token
  quota   = { H100 = 8 }
  ttl     = "90m"
}

workload "chat" {
  isl           = 1024
  osl           = 256
  requests      = var.requests
  endpoint      = "chat"
  shared_prefix = 128
  warmup        = 128
  timeout       = "90s"
  ramp          = "5s"
  temperature   = 0.7
  ignore_eos    = false
  extra_body    = { top_k = 20, min_tokens = null, stop = ["a", "b"] }
  headers       = { X-Tier = "gold", X-Token = var.hf_token, X-None = null }
}

benchmark "gpu_users" {
  description = "How far one deployment goes."
  model       = model.qwen3-8b
  engine      = engine.vllm
  provider    = provider.endpoint.cloud
  workload    = workload.chat
  gpu_type    = gpu.H100
  trials      = 2

  matrix {
    gpus    = [1, 2]
    users   = [16, 64]
    exclude = [{ gpus = 1, users = 16 }]
    include = [{ gpus = 8, users = 128, isl = local.long.isl, osl = local.long.osl }]
  }

  slo {
    ttft_p99   = "2s"
    tpot_p99   = "50ms"
    errors     = "1%"
    output_tps = 500
  }
}

stage "load" {
  timeout    = "20m"
  on_failure = "continue"
  retry {
    attempts = 2
    backoff  = "30s"
    on       = ["transient", "permanent"]
  }
}

stage "fetch-power" {
  required = true
}

budget {
  usd = 20
}

report {
  charts  = ["panels", "pareto"]
}
