# Two cells of one name, and more than the budget allows.
suite "names" {}

model "tiny" {
  repo     = "org/tiny"
  revision = "0123456789012345678901234567890123456789"
}

provider "fake" "cloud" {}

workload "chat" {
  isl = 128
  osl = 32
}

benchmark "twice" {
  model    = model.tiny
  provider = provider.fake.cloud
  workload = workload.chat
  users    = 4
  matrix { gpu_type = ["H100", "h100"] }
}
