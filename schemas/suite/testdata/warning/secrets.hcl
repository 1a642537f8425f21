# A secret that everyone can read who reads the suite. One from the environment is none of them.
variable "token" {
  type      = string
  default   = "hunter2"
  sensitive = true
}

variable "tokens" {
  type      = map(object({ key = string, port = number }))
  default   = { a = { key = "swordfish", port = 1 } }
  sensitive = true
}

variable "from_environment" {
  default   = env("HF_TOKEN")
  sensitive = true
}

variable "empty" {
  default   = { key = "", port = 80 }
  sensitive = true
}

engine "vllm" {
  env = { A = var.token, B = var.tokens.a.key, C = var.from_environment, D = var.empty.key }
}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "w" {
  isl = 64
  osl = 16
}

benchmark "b" {
  model    = model.m
  engine   = engine.vllm
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  users    = 2
}
