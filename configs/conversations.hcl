# What a conversation costs: chats of four turns, each with all that was said before in its prompt, with and without a prefix cache.

suite "conversations" {
  description = "Qwen3-8B-FP8 on a simulated H100: chats of four turns, with and without a prefix cache"
  seed        = 42
}

model "qwen3-8b" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}

engine "caching" {
  kind = "vllm"
  args = ["--enable-prefix-caching"]
}

engine "forgetful" {
  kind = "vllm"
  args = ["--no-enable-prefix-caching"]
}

provider "simulator" "local" {
  speed = 3 # simulated seconds a second
}

# isl is what is new in each turn: the fourth prompt has what four questions and three answers come to. Turns and think times can be drawn, too:
# turns = { uniform = [2, 6] }, think_time = { exponential = "1s" }.
workload "chat" {
  endpoint   = "chat"
  isl        = 512
  osl        = 64
  turns      = 4
  think_time = "500ms" # between an answer and the next question
}

benchmark "turns" {
  model    = model.qwen3-8b
  provider = provider.simulator.local
  workload = workload.chat
  gpu_type = "H100"
  trials   = 1

  matrix {
    engine = [engine.caching, engine.forgetful]
    users  = [8, 32]
  }
}
