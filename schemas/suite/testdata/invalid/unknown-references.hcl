locals {
  a = models.m.repo
  b = model.x.repo
  c = model.m.reop
  d = lokal.a
  e = local.f
  f = var.missing
  g = mxa(1, 2)
  h = workload.v
  i = provider.simulator.t
  j = provider.simulater.s
  k = { one = 1 }
  l = local.k.oen
  m = engine.vllm
  n = 1 + "x"
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = H200
  users = H100
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
