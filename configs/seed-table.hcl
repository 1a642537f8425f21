# The table of the Python scripts that inferencex grew out of (the seed), measured again as they measured it, on a simulated server that was fitted
# to it: what these conditions make of the numbers, not how they should be measured. qwen3-8b-h100.hcl measures the same model properly.
#
# Their conditions, in the words of this language:
#   - vLLM with --enforce-eager behind Modal's ingress: the profile.
#   - 50 requests a cell. What they call 128 and 64 users are 50, since 50 requests keep no more in flight; requests < users is refused here.
#   - One prompt for all requests, of about 930 tokens where 1024 were meant, and the prefix cache on.
#   - No warm-up: the first cell on each endpoint meets a cold server. Interrupted and gone on with, another one would: run it in one go.

suite "seed-table" {
  description = "The seed's six cells, by its conditions, on a server fitted to them"
  seed        = 42
}

variable "speed" {
  type        = number
  default     = 4
  description = "Simulated seconds in one of the wall clock, at most: what this machine cannot carry is lowered."
}

model "qwen3-8b" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}

provider "simulator" "seed" {
  profile = "modal-eager"
  speed   = var.speed
}

workload "one_prompt" {
  endpoint      = "chat"
  isl           = 930
  shared_prefix = 924 # the prompt but for its last word: no two requests are quite the same here
  osl           = 256
  requests      = 50
  warmup        = 0
}

benchmark "one_gpu" { # 1GPU/128U
  model    = model.qwen3-8b
  provider = provider.simulator.seed
  workload = workload.one_prompt
  gpu_type = "H100"
  gpus     = 1
  users    = 50
  trials   = 1
}

benchmark "two_gpus" { # the first trial is 2GPU/128U, the second, on a server that is warm by then, 2GPU/64U: one experiment, twice
  model    = model.qwen3-8b
  provider = provider.simulator.seed
  workload = workload.one_prompt
  gpu_type = "H100"
  gpus     = 2
  users    = 50
  trials   = 2
}

benchmark "two_gpus_less" { # 2GPU/32U
  model    = model.qwen3-8b
  provider = provider.simulator.seed
  workload = workload.one_prompt
  gpu_type = "H100"
  gpus     = 2
  users    = 32
  trials   = 1
}

benchmark "four_gpus" { # 4GPU/32U, 4GPU/16U
  model    = model.qwen3-8b
  provider = provider.simulator.seed
  workload = workload.one_prompt
  gpu_type = "H100"
  gpus     = 4
  trials   = 1
  matrix {
    users = [32, 16]
  }
}
