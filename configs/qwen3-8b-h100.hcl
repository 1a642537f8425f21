# The seed's default: Qwen3-8B-FP8 on H100 at 1024/256.

suite "qwen3-8b-h100" {
  description = "Qwen3-8B-FP8 on H100: GPUs × users"
  seed        = 42
}

# Where to measure: "simulator" needs nothing; "modal" takes the three endpoints that the seed's vllm_multi_gpu.py deploys, and -var workspace=NAME.
variable "provider" {
  type    = string
  default = "simulator"
  validation {
    condition     = contains(["simulator", "modal"], var.provider)
    error_message = "provider is \"simulator\" or \"modal\"."
  }
}

variable "workspace" {
  type        = string
  default     = "your-workspace"
  description = "The first part of your Modal app's addresses."
}

variable "isl" {
  type        = number
  default     = 1024
  description = "Input tokens of every request."
}

variable "osl" {
  type        = number
  default     = 256
  description = "Output tokens of every request."
}

variable "speed" {
  type        = number
  default     = 3
  description = "Simulated seconds in one of the wall clock, at most: what this machine cannot carry is lowered."
}

provider "simulator" "local" {
  speed = var.speed
}

provider "endpoint" "modal" {
  url   = "https://${var.workspace}--vllm-multi-gpu-benchmark-serve-{gpus}gpu.modal.run"
  model = "llm" # the name under which the seed serves every model
}

model "qwen3-8b" {
  repo = "Qwen/Qwen3-8B-FP8"
  # The commit that was measured. Without one, whatever is newest is.
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}

workload "chat" {
  isl = var.isl
  osl = var.osl
}

benchmark "gpu_users" {
  model    = model.qwen3-8b
  provider = var.provider == "modal" ? provider.endpoint.modal : provider.simulator.local
  workload = workload.chat
  gpu_type = "H100"

  # The seed's six pairs: no full product.
  matrix {
    only = [
      { gpus = 1, users = 128 },
      { gpus = 2, users = 128 },
      { gpus = 2, users = 64 },
      { gpus = 2, users = 32 },
      { gpus = 4, users = 32 },
      { gpus = 4, users = 16 },
    ]
  }
}
