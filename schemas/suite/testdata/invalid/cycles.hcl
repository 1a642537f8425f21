locals {
  a = local.b + 1
  b = local.c + 1
  c = local.a + 1

  # Uses of what is in the circle are no mistakes of their own.
  d = local.a * 2

  itself = local.itself
}

workload "w" {
  isl = local.from_workload
  osl = 16
}

locals {
  from_workload = workload.w.osl
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  users = local.d
}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

