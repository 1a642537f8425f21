model {
  repo = "acme/m"
}

model "3b" {
  repo = "acme/3b"
}

model "llama-3.1" {
  repo = "acme/llama"
}

provider "simulator" {}

engine "v" "w" {}

benchmark "sl/ash" {
  # References to what could not be declared are no mistakes of their own.
  model    = model.m
  engine   = engine.v
  provider = provider.simulator.s
}
