benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  trials   = 1

  matrix {
    users = [1, 2]
  }
}
