# Eight cells of a model that answers slowly cost more than the budget.
suite "budget" {}

model "tiny" {
  repo     = "org/tiny"
  revision = "0123456789012345678901234567890123456789"
}

gpu "H100" {
  price_per_hour = 3.95
  price_as_of    = "2026-07-01"
}

provider "fake" "cloud" {}

workload "chat" {
  isl = 4096
  osl = 4096
}

benchmark "long" {
  model    = model.tiny
  provider = provider.fake.cloud
  workload = workload.chat
  gpu_type = "H100"
  gpus     = 8
  trials   = 1
  matrix { users = [16, 32] }
}

budget { usd = 5 }
