variable "model" {}

variable "users" {
  type     = list(number)
  nullable = false
  default  = [16]
}

variable "isl" {
  type    = number
  default = 64
}

model "inner" {
  repo     = chomp(file("repo.txt"))
  revision = "0123456789abcdef0123456789abcdef01234567"
}

engine "vllm" {
  image = "acme/vllm:1"
}

provider "simulator" "s" {
  speed = 2
}

workload "w" {
  isl = var.isl
  osl = module.limits.osl
}

module "limits" {
  source = "./limits"
}

benchmark "b" {
  for_each = { mine = model.inner, yours = var.model }
  model    = each.value
  provider = provider.simulator.s
  engine   = engine.vllm
  workload = workload.w
  gpu_type = "H100"
  trials   = 1

  matrix {
    users = var.users
  }
}

moved {
  from = benchmark.b["ours"]
  to   = benchmark.b["mine"]
}

moved {
  from = provider.simulator.sim
  to   = provider.simulator.s
}

output "inner" {
  value       = model.inner
  description = "The module's own model."
}

output "provider" {
  value = provider.simulator.s
}

output "workload" {
  value = workload.w
}

output "users" {
  value = var.users
}
