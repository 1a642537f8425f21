model "tiny" {
  repo     = "acme/tiny"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "local" {}

workload "short" {
  isl = 16
  osl = 8
}

benchmark "one" {
  model    = model.tiny
  provider = provider.simulator.local
  workload = workload.short
  gpu_type = "H100"
  users    = 4
  trials   = 1
}
