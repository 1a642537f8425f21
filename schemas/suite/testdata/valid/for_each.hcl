# A benchmark for each element, and nested blocks for each element.
locals {
  lengths = {
    "short"     = { isl = 64, osl = 16 }
    "very long" = { isl = 4096, osl = 1024 }
  }
  limits = { ttft_p99 = "2s", errors = "1%" }
}

variable "users" {
  type    = number
  default = 4
  dynamic "validation" {
    for_each = [1, 1000]
    iterator = bound
    content {
      condition     = bound.key == 0 ? var.users >= bound.value : var.users <= bound.value
      error_message = "The bound is ${bound.value}."
    }
  }
}

model "a" {
  repo     = "acme/a"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

model "b" {
  repo     = "acme/b"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "w" {
  isl = 64
  osl = 16
}

stage "load" {
  dynamic "retry" {
    for_each = toset(["20s"])
    content {
      attempts = 2
      backoff  = retry.value
    }
  }
}

benchmark "lengths" {
  for_each    = local.lengths
  description = "With prompts that are ${each.key}."
  model       = model.a
  provider    = provider.simulator.s
  workload    = workload.w
  gpu_type    = "H100"
  isl         = each.value.isl
  osl         = each.value.osl
  trials      = 1

  matrix {
    users   = [2, each.value.isl / 32 + 1, each.value.osl]
    exclude = [{ users = each.value.osl }]
  }

  dynamic "slo" {
    for_each = each.key == "short" ? [local.limits] : []
    content {
      ttft_p99 = slo.value.ttft_p99
      errors   = slo.value.errors
    }
  }
}

benchmark "models" {
  for_each = model
  model    = each.value
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  trials   = 1

  dynamic "matrix" {
    for_each = [[1, 2]]
    content {
      users = matrix.value
    }
  }
}
