
benchmark "b" {
  model    = provider.simulator.s
  provider = "simulator"
  workload = merge(workload.w, { isl = 7 })
  engine   = { id = "engine.forged" }
  gpu_type = workload.w
  users    = model.m

  matrix {
    gpus = [workload.w.isl, "two", [3]]
  }
}

benchmark "incomplete" {
  model    = model.m
  workload = workload.w
  users = 1
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

benchmark "quoted" {
  model    = "model.m"
  provider = "simulator.s"
}
