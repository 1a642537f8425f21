variable "token" {
  type      = string
  default   = "hunter2"
  sensitive = true
  validation {
    condition     = length(var.token) > 10
    error_message = "It is ${var.token}, which is too short."
  }
}

variable "secret" {
  type      = string
  default   = "swordfish"
  sensitive = true
}

variable "number" {
  type      = number
  default   = "correct horse"
  sensitive = true
}

locals {
  parsed = jsondecode(var.secret)
  found  = regex("x+", var.secret)
  at     = { a = 1 }[var.secret]
  number = tonumber(var.secret)
  sum    = 1 + var.secret
}

model "m" {
  repo     = "acme/${var.secret}"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "endpoint" "e" {
  url     = "http://e.test"
  api_key = [var.secret]
  ttl     = var.secret
}

benchmark "b" {
  model    = model.m
  provider = provider.endpoint.e
  workload = workload.w
  gpu_type = "H100"
  users = var.secret
  matrix {
    gpus = [var.secret]
  }
  slo {
    errors = var.secret
  }
}


provider "simulator" "s" {}

workload "w" {
  isl = 64
  osl = 16
}

# The names of a map are shown.
engine "vllm" {
  env = { (var.secret) = "x", OTHER = var.secret }
}
