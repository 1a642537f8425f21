# Datasets that cannot be read or asked, and arguments that have no place beside one.
suite "datasets" {}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "absent" {
  dataset = "nosuch.jsonl"
}

workload "torn" {
  dataset = "torn.jsonl"
}

workload "suite" {
  dataset = "datasets.hcl"
}

workload "beside" {
  isl           = 64
  osl           = 16
  shared_prefix = "50%"
  dataset       = "prompts.jsonl"
}

workload "traced" {
  trace   = "two.trace"
  dataset = "prompts.jsonl"
}

workload "alone" {
  isl    = 64
  osl    = 16
  unique = false
  keep   = { max_isl = 64 }
}

workload "completions" {
  osl     = 16
  dataset = "chats.jsonl"
}

workload "bounds" {
  osl     = 16
  dataset = "prompts.jsonl"
  keep    = { max_ils = 64 }
}

workload "kept" {
  osl     = 16
  dataset = "prompts.jsonl"
  keep    = { max_isl = 64 }
}

workload "unanswered" {
  dataset = "prompts.jsonl"
}

workload "uncounted" {
  endpoint = "chat"
  dataset  = "chats.jsonl"
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  gpu_type = "H100"
  users    = 4
  matrix {
    workload = [workload.kept, workload.unanswered, workload.uncounted]
  }
}

benchmark "lengths" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.unanswered
  gpu_type = "H100"
  users    = 4
  osl      = 8
  matrix {
    isl = [64, 128]
  }
}
