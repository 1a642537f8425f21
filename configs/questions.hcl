# Prompts as people write them, from a file that lies beside this one.

suite "questions" {
  description = "Qwen3-8B-FP8 on a simulated H100: questions of a file"
  seed        = 42
}

variable "file" {
  type        = string
  default     = "questions.jsonl"
  description = "Prompts: lines such as {\"prompt\": \"…\", \"output_tokens\": 96}, chats as {\"messages\": […]}, or the array of conversations that ShareGPT is."
}

model "qwen3-8b" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
  # With tokenizer = "tokenizer.json", the file of the model's repository, plan tells how long the prompts are, recorded answers that are texts have a length, and
  # keep = { min_isl = 4, max_isl = 1024, min_osl = 4, max_total = 2048 } leaves out what vLLM leaves out of ShareGPT.
}

provider "simulator" "local" {
  speed = 3 # simulated seconds a second
}

# Answers are as long as the file says that they were.
workload "recorded" {
  dataset  = var.file
  endpoint = "chat"
  requests = 64
}

# The same questions, all with answers of one length. Drawn words in front of each keep the prefix cache of one workload from serving the other; with
# unique = false they are sent just as they are.
workload "alike" {
  dataset  = var.file
  endpoint = "chat"
  osl      = 64
  requests = 64
}

benchmark "questions" {
  model    = model.qwen3-8b
  provider = provider.simulator.local
  gpu_type = "H100"
  trials   = 1

  matrix {
    workload = [workload.recorded, workload.alike]
    users    = [4, 16]
  }
}
