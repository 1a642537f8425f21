# All that a cell lacks is said at once, and so is everything that is wrong with its objectives.
model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "bare" {}

benchmark "nothing" {}

benchmark "little" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.bare
}

benchmark "both" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.bare
  gpu_type = "H100"
  isl      = 64
  osl      = 16
  rate     = 2
  matrix {
    users = [1, 2, 3]
  }
}

benchmark "objectives" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.bare
  gpu_type = "H100"
  isl      = 64
  osl      = module.other.length
  users    = 2
  slo {
    errors     = "200%"
    throughput = 5
    tpot_p98   = "2s"
  }
}

benchmark "numbers" {
  for_each = 3
}
