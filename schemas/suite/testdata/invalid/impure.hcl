# What comes from the environment feeds no key.
variable "length" {
  type    = number
  default = env("ISL")
}

variable "note" {
  type    = string
  default = env("USER")
}

locals {
  far = var.note == "ci"
}

suite "impure" {
  description = "run by ${var.note}"
  salt        = var.note
}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

model "n" {
  repo     = "acme/n-${var.note}"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

engine "e" {
  args = [var.note]
  env  = { WHO = var.note }
}

provider "endpoint" "p" {
  url     = "http://p.test"
  api_key = var.note
  note    = var.note
}

workload "w" {
  isl = var.length
  osl = 16
}

benchmark "b" {
  description = var.note
  model       = local.far ? model.m : model.n
  engine      = engine.e
  provider    = provider.endpoint.p
  workload    = workload.w
  gpu_type    = "H100"

  matrix {
    users = [for n in [1, 2] : n if var.note != "x"]
    gpus  = var.note == "x" ? [1] : [2]
  }

  slo {
    output_tps = var.length
  }
}

budget {
  usd = var.length
}
