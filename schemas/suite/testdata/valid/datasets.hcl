# Prompts that are sent as they are: from lines and from conversations, with answers of given lengths and of their own.
suite "datasets" {}

model "m" {
  repo      = "acme/m"
  revision  = "0123456789abcdef0123456789abcdef01234567"
  tokenizer = "tokenizer.json"
}

model "n" {
  repo     = "acme/n"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {}

workload "prompts" {
  dataset  = "prompts.jsonl"
  requests = 40
}

workload "conversations" {
  dataset       = "conversations.json"
  endpoint      = "chat"
  unique        = false
  shared_prefix = 64
  turns         = 3
  think_time    = "2s"
  keep          = { min_isl = 1, max_total = 2048 }
}

benchmark "recorded" {
  model    = model.m
  provider = provider.simulator.s
  gpu_type = "H100"
  trials   = 1
  matrix {
    workload = [workload.prompts, workload.conversations]
    users    = [2]
  }
}

benchmark "given" {
  model    = model.n
  provider = provider.simulator.s
  workload = workload.prompts
  gpu_type = "H100"
  trials   = 1
  rate     = 4
  matrix {
    osl  = [8, { uniform = [8, 16] }]
    when = cell.isl == null && cell.osl > 8
  }
}
