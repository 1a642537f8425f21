# Blocks stand before what they need; references find their way.
benchmark "all" {
  provider = var.remote ? provider.endpoint.far : provider.simulator.near
  workload = workload.long
  gpu_type = "H100"
  trials   = 1

  matrix {
    model  = values(model)
    engine = [engine.a, engine["b"]]
    users  = local.users
    exclude = [
      { model = model.big, engine = engine.b },
      local.never,
    ]
  }
}

benchmark "by_workload" {
  model    = model.big
  gpu_type = "H100"
  trials   = 1

  matrix {
    provider = [provider.simulator.near, provider.endpoint.far]
    workload = [workload.long, workload.short]
    isl      = range(100, 300, 100)
    users    = [1]
  }
}

workload "long" {
  isl = workload.short.isl * 4
  osl = local.osl
}

workload "short" {
  isl = 256
  osl = 64
}

locals {
  osl   = max([for w in [workload.short] : w.osl]...) * 2
  users = pow2(local.least, 4)
  never = { users = local.least, engine = engine.b, model = model.small }
}

locals {
  least = 2
}

variable "remote" {
  type    = bool
  default = false
}

engine "a" {
  kind  = "vllm"
  image = "acme/${model.big.name}:1"
}

engine "b" {
  kind    = "vllm"
  command = ["python", "-m", "server"]
}

model "big" {
  repo     = "acme/big"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

model "small" {
  repo     = replace(model.big.repo, "big", "small")
  revision = model.big.revision
}

provider "simulator" "near" {
  speed = 10
}

provider "endpoint" "far" {
  url = "http://far.test"
}
