# The seed's third example: Mistral 7B v0.3 on B200 with long context, 4096/1024.

suite "mistral-7b-b200" {
  description = "Mistral 7B v0.3 on B200, long context: GPUs × users"
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
  default     = 4096
  description = "Input tokens of every request."
}

variable "osl" {
  type        = number
  default     = 1024
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

model "mistral-7b" {
  repo = "mistralai/Mistral-7B-v0.3"
  # revision = "..." pins a commit; without one, whatever is newest is measured, and the plan says so.
}

workload "chat" {
  # The seed sends 30 requests to each user count, which cannot keep 128 users in flight: inferencex refuses requests < users.
  # Left out, requests is 8 × users.
  isl = var.isl
  osl = var.osl
}

benchmark "gpu_users" {
  model    = model.mistral-7b
  provider = var.provider == "modal" ? provider.endpoint.modal : provider.simulator.local
  workload = workload.chat
  gpu_type = "B200"

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
