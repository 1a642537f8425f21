model "m" {
  repo     = "acme/m"
  revision = "0123456789012345678901234567890123456789"
}

provider "simulator" "s" {}

workload "word" {
  warmup = "settled"
}

workload "negative" {
  warmup = -1
}

workload "part" {
  warmup = "1.5"
}

workload "list" {
  warmup = [8]
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  gpu_type = "H100"
  trials   = 1
  users    = 2
  isl      = 8
  osl      = 8
  matrix {
    workload = [workload.word, workload.negative, workload.part, workload.list]
  }
}
