# A recording of conversations, some of which ask nothing.
suite "datasets" {}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "recorded" {
  dataset  = "conversations.json"
  endpoint = "chat"
  osl      = 16
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.recorded
  gpu_type = "H100"
  users    = 4
}
