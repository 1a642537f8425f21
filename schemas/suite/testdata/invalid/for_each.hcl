variable "who" {
  type    = string
  default = env("USER")
}

variable "token" {
  type      = string
  default   = "hunter2"
  sensitive = true
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

benchmark "list" {
  for_each = ["a", "b"]
}

benchmark "text" {
  for_each = "a"
}

benchmark "empty_key" {
  for_each = { "" = 1 }
}

benchmark "similar" {
  for_each = toset(["a/b", "a b"])
}

benchmark "impure" {
  for_each = toset([var.who])
}

benchmark "secret" {
  for_each = { for t in [var.token] : t => 1 }
}

benchmark "bad" {
  for_each = local.nothing
  users    = each.value
}

benchmark "each" {
  for_each = { a = 1, b = 2 }
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  users    = 0
  isl      = each.value - 2
  osl      = each.values
}

benchmark "no_each" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  users    = each.value
}

benchmark "dynamic" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  dynamic "matrx" {
    for_each = []
    content {}
  }
  dynamic "matrix" {
    content {}
  }
  dynamic "matrix" {
    for_each = [1]
  }
  dynamic "slo" {
    for_each = 3
    content {}
  }
  dynamic "slo" {
    for_each = []
    iterator = "x"
    content {}
  }
  dynamic "slo" {
    for_each = [1, 2]
    content {
      errors = "${slo.value}%"
    }
  }
  dynamic "matrix" {
    for_each = [1]
    labels   = ["x"]
    content {
      users = [matrix.valu]
    }
  }
  dynamic "slo" {
    for_each = range(1001)
    content {}
  }
}
