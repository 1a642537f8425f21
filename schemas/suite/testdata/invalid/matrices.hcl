
benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    users = [1, 2, 2]
  }
}

benchmark "c" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    users   = [1, 2]
    include = [{ users = 3 }, { users = 2 }, { users = 3 }]
  }
}

benchmark "d" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    users = []
    gpus  = [1]
  }
}

benchmark "e" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    users   = [1]
    exclude = [{ users = 1 }]
  }
}

benchmark "f" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    only = []
  }
}

benchmark "g" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  users = 1
  matrix {
    users = [1, 2]
    gpus  = 4
    isl   = [null]
    osl   = "many"
  }
}

benchmark "h" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    users = [1]
    only  = [{ users = 1 }]
  }
}

benchmark "i" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    gpus    = [1]
    users   = [1]
    include = [4, { gpus = 8 }, { gpus = 2, users = "x" }]
    exclude = { users = 1 }
  }
}

benchmark "j" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  matrix {
    gpus    = [1]
    users   = [1]
    include = [{ gpus = 8 }]
  }
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
