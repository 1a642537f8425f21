# What measure.py asks of inferencex: the same prompts and the same work as of the foreign clients.

suite "foreign" {
  seed = 1
}

variable "url" {
  type        = string
  description = "Where the simulated server answers."
}

variable "users" {
  type = number
}

variable "requests" {
  type = number
}

model "qwen3" {
  repo     = "Qwen/Qwen3-8B"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}

provider "endpoint" "simulated" {
  url = var.url
}

workload "words" {
  dataset  = "prompts.jsonl"
  unique   = false
  osl      = 128
  requests = var.requests
}

benchmark "foreign" {
  model    = model.qwen3
  provider = provider.endpoint.simulated
  workload = workload.words
  gpu_type = "L40S"
  users    = var.users
  trials   = 1
}
