variable "most" {
  type    = number
  default = env("ISL")
}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "absent" {
  isl = { dataset = "absent.jsonl" }
  osl = 16
}

workload "outside" {
  isl = { dataset = "../names.hcl" }
  osl = { uniform = [16] }
}

workload "text" {
  isl = { dataset = "names.hcl" }
  osl = { gamma = [16, 2] }
}

workload "prefix" {
  isl           = { normal = [1024, 200] }
  osl           = 16
  shared_prefix = 128
}

workload "impure" {
  isl = { uniform = [1, var.most] }
  osl = 16
}

workload "fine" {
  isl = 64
  osl = 16
}

benchmark "axis" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.fine
  gpu_type = "H100"
  users    = 1
  matrix {
    isl     = [{ uniform = [1, 2] }, { uniform = [1.0, "2"] }, 64, "64"]
    exclude = [{ isl = { uniform = [2, 1] } }]
  }
}

benchmark "prefix" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.prefix
  gpu_type = "H100"
  users    = 1
}
