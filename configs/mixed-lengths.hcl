# What a mix of lengths costs: every request alike, beside requests of the same mean whose lengths are drawn.

suite "mixed-lengths" {
  description = "Qwen3-8B-FP8 on a simulated H100: fixed and drawn lengths"
  seed        = 42
}

variable "osl" {
  type        = number
  default     = 128
  description = "Output tokens of a request, on average."
}

model "qwen3-8b" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}

provider "simulator" "local" {
  speed = 3 # simulated seconds a second
}

workload "alike" {
  isl = 512
  osl = var.osl
}

# Prompts of a long tail, as people write them. Lengths can also be { normal = [mean, sd] }, or come from a file that lies beside this one,
# isl = { dataset = "chat.jsonl" }, with lines such as {"isl": 812, "osl": 96}; isl and osl are then of the same line.
workload "mixed" {
  isl = { lognormal = [512, 512], min = 16, max = 8192 } # mean and standard deviation
  osl = { uniform = [max(1, floor(var.osl / 4)), ceil(var.osl * 7 / 4)] }
}

benchmark "lengths" {
  model    = model.qwen3-8b
  provider = provider.simulator.local
  gpu_type = "H100"
  trials   = 1

  matrix {
    workload = [workload.alike, workload.mixed]
    users    = [8, 32]
  }
}
