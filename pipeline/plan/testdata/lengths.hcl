# Distributions and a dataset, in addresses, configurations and labels; the deployment is warmed up with the longest of them.
suite "lengths" { seed = 7 }

model "tiny" {
  repo     = "org/tiny"
  revision = "0123456789012345678901234567890123456789"
}

provider "fake" "cloud" {}

workload "chat" {
  isl      = { uniform = [100, 200] }
  osl      = 32
  requests = 64
}

workload "recorded" {
  isl      = { dataset = "lengths.jsonl", field = "prompt" }
  osl      = { dataset = "lengths.jsonl", field = "answer" }
  requests = 64
}

benchmark "spread" {
  model    = model.tiny
  provider = provider.fake.cloud
  gpu_type = "H100"
  trials   = 1
  matrix {
    only = [
      { workload = workload.chat, users = 16 },
      { workload = workload.chat, users = 4, osl = { lognormal = [64, 16], max = 128 } },
      { workload = workload.recorded, users = 8 },
    ]
  }
}
