variable "token" {
  type      = string
  default   = env("HF_TOKEN")
  sensitive = true
}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "measured" {
  isl        = 64
  osl        = 16
  extra_body = { stream = false, max_tokens = 4, temperature = 0.5 }
}

workload "listed" {
  isl        = 64
  osl        = 16
  extra_body = ["top_k"]
}

workload "shown" {
  isl        = 64
  osl        = 16
  extra_body = { user = var.token }
}

workload "headed" {
  isl     = 64
  osl     = 16
  headers = { Host = "example.test", "X Y" = "1" }
}

workload "broken" {
  isl     = 64
  osl     = 16
  headers = { X-Token = "${var.token}\n" }
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  gpu_type = "H100"
  users    = 1
  matrix {
    workload = [workload.measured, workload.listed, workload.shown, workload.headed, workload.broken]
  }
}
