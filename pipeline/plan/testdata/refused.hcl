# More GPUs than the quota.
suite "refused" {}

model "tiny" {
  repo     = "org/tiny"
  revision = "0123456789012345678901234567890123456789"
}

provider "fake" "cloud" { quota = { H100 = 2 } }

workload "chat" {
  isl      = 128
  osl      = 32
  requests = 100
}

benchmark "wide" {
  model    = model.tiny
  provider = provider.fake.cloud
  workload = workload.chat
  gpu_type = "H100"
  matrix {
    gpus  = [1, 4]
    users = [4, 8]
  }
}
