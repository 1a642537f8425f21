variable "filter" {
  type    = string
  default = null
}

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
  trials   = 1

  matrix { # null is as if the argument were left out
    users = [4, 8]
    when  = var.filter == "many" ? cell.users > 4 : null
  }
}
