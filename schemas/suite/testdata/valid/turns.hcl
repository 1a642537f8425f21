# Conversations: of a number of turns and of a drawn one, with pauses of each sort, in a closed and an open loop.
suite "turns" {}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "chat" {
  endpoint      = "chat"
  isl           = 64
  osl           = 16
  turns         = 4
  think_time    = "2s"
  shared_prefix = 512 # on top of isl, so that it may be longer
}

workload "drawn" {
  isl        = 64
  osl        = 16
  requests   = 100
  turns      = { uniform = [2, 6] }
  think_time = { exponential = "2s", max = "10s" }
}

workload "alone" {
  isl        = 64
  osl        = 16
  turns      = 1 # is none
  think_time = { uniform = ["500ms", "0.5s"] }
}

benchmark "closed" {
  model    = model.m
  provider = provider.simulator.s
  gpu_type = "H100"
  trials   = 1
  users    = 4

  matrix {
    workload = [workload.chat, workload.drawn, workload.alone]
  }
}

benchmark "open" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.drawn
  gpu_type = "H100"
  trials   = 1
  rate     = 0.5
}
