# A quota for a GPU type that nobody knows and nothing is measured on.
model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {
  quota = { H100 = 8, H200 = 8, MI400 = 8 }
}

workload "w" {
  isl = 64
  osl = 16
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  users    = 2
}
