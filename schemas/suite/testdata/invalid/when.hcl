variable "token" {
  type      = string
  default   = "hunter2"
  sensitive = true
}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "w" {
  isl = 64
  osl = 16
}

benchmark "none" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    users = [1, 2]
    when  = cell.users > 2
  }
}

benchmark "misspelt" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    users = [1, 2]
    when  = cell.user > 2
  }
}

benchmark "number" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    users = [1, 2]
    when  = cell.users
  }
}

benchmark "null_axis" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    users = [1, 2]
    when  = cell.rate > 2
  }
}

benchmark "secret" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    users = [1, 2]
    when  = var.token == "x"
  }
}

benchmark "only" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    only = [{ users = 1 }]
    when = cell.users == 1
  }
}

benchmark "elsewhere" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  users    = cell.gpus
}
