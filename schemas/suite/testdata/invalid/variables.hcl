variable "none" {
  type = number
}

variable "odd" {
  type    = number
  default = "seven"
}

variable "rules" {
  default = 0
  validation {
    condition     = var.rules > 0
    error_message = "It must be above ${local.zero}."
  }
  validation {
    condition     = "neither"
    error_message = "Never seen."
  }
}

variable "ref" {
  default = local.zero
}

variable "type" {
  type    = strin
  default = 1
}

variable "half" {
  default = 1
  validation {
    condition = true
  }
}

locals {
  zero = 0
  home = env("HOME")
  # None of these is a mistake: what they need has been reported.
  sum  = var.none + var.odd + var.rules + var.ref + var.type
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  users = var.rules
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

variable "computed" {
  description = upper("x")
  sensitive   = var.none
  default     = 1
}
