# The model's mistake is one mistake: the benchmark that refers to it has its own, and only that is added.
model "m" {
  repo = ["acme/m"]
}

provider "simulator" "s" {}

workload "w" {
  isl      = model.m.repo
  osl      = 16
  requests = 10
}

workload "small" {
  isl      = 8
  osl      = 8
  requests = 10
}

workload "unsure" {
  isl      = 8
  osl      = 8
  requests = local.nothing
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  users = 20
}

benchmark "c" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.small
  gpu_type = "H100"
  users = 20
}

benchmark "d" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.unsure
  gpu_type = "H100"
  users = 20
}
