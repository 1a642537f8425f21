
benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  users = 0
}

model "m" {
  repo = "acme/again"
}
