model "floating" {
  repo = "acme/floating"
}

model "branch" {
  repo     = "acme/branch"
  revision = "main"
}

engine "untagged" {
  image = "registry.test:5000/acme/engine"
}

engine "latest" {
  image = "acme/engine:latest"
}

engine "pinned" {
  image = "acme/engine@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
}

provider "simulator" "s" {}

workload "w" {
  isl = 8
  osl = 8
}

benchmark "b" {
  model    = model.floating
  engine   = engine.latest
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  trials   = 1

  matrix {
    users   = [1, 2]
    exclude = [{ users = 3 }, { users = 1 }]
  }
}
