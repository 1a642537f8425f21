# Two uses of one module, which has a module of its own. Blocks go in and out as values.
variable "users" {
  type    = list(number)
  default = [1, 2]
}

model "outer" {
  repo     = "acme/outer"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

module "plain" {
  source = "./serving"
  model  = model.outer
  users  = var.users
}

module "twice" {
  source = "./serving"
  users  = [for n in module.plain.users : n * 2]
  model  = module.plain.inner
  isl    = 256
}

moved {
  from = module.single
  to   = module.plain
}

moved {
  from = benchmark.before
  to   = benchmark.there
}

moved {
  from = benchmark.there
  to   = benchmark.here
}

benchmark "here" {
  model    = module.plain.inner
  provider = module.twice.provider
  workload = module.twice.workload
  gpu_type = "H100"
  users    = max(module.twice.users...)
  trials   = length(module.plain)
}
