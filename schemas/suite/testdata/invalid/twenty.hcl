suite "twenty" {
  seed = -1
}

model "a" {}

model "b" {
  repo     = "acme/b"
  revision = 7.5
  flavour  = 1
}

engine "e" {
  image = "acme/e:1"
  arg   = ["x"]
  env   = "A=1"
}

provider "simulator" "s" {
  speed = 0
  ttl   = "2 hours"
}

workload "w" {
  isl      = 0.5
  osl      = -1
  timeout  = "never"
  endpoint = "chat-completions"
}

stage "load" {
  processes = 0
  retry {
    attempts = 0
  }
}

stage "upload" {}

budget {
  usd = -20
}

report {
  format = "word"
}

benchmark "b" {
  model    = model.c
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = "H100"
  trials   = 0

  matrix {
    users = [16, 32.5]
    gpus  = "all"
  }

  slo {
    ttft_p98 = "2s"
  }
}
