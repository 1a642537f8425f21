# Variables with types, defaults inside of objects, and values from the environment where no key is made.
variable "load" {
  type = object({
    users = optional(list(number), [1, 2])
    isl   = number
    osl   = optional(number, 16)
  })
  default = { isl = 64 }
}

variable "trials" {
  type     = number
  default  = 2
  nullable = false
}

variable "tokenizer" {
  type    = string
  default = null
}

variable "who" {
  type    = string
  default = env("USER")
}

suite "variables" {
  description = "run by ${var.who}"
}

model "m" {
  repo      = "acme/m"
  revision  = "0123456789abcdef0123456789abcdef01234567"
  tokenizer = var.tokenizer
}

engine "e" {
  env = { WHO = var.who, LEVEL = "INFO" }
}

provider "endpoint" "p" {
  url     = "http://p.test"
  api_key = var.who
  note    = upper(var.who)
}

workload "w" {
  isl = var.load.isl
  osl = var.load.osl
}

benchmark "b" {
  model    = model.m
  engine   = engine.e
  provider = provider.endpoint.p
  workload = workload.w
  gpu_type = "H100"
  trials   = var.trials

  matrix {
    users = var.load.users
  }
}
