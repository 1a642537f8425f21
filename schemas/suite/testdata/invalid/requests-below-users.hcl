# The mistake that this project began with: 50 requests for up to 128 users.
model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "chat" {
  isl      = 1024
  osl      = 256
  requests = 50
}

benchmark "seed" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.chat
  gpu_type = "H100"

  matrix {
    gpus  = [1, 2]
    users = [32, 64, 128]
  }
}

benchmark "single" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.chat
  gpu_type = "H100"
  users    = 51
}
