modle "m" {
  repo = "acme/m"
}

model "n" {
  repo     = "acme/n"
  revison  = "0123456789abcdef0123456789abcdef01234567"
  flavour  = "sweet"
}

stage "laod" {}

provider "simulater" "s" {}

provider "endpoint" "e" {
  url   = "http://e.test"
  speed = 2
}

workload "w" {
  isl      = 64
  osl      = 16
  endpoint = "chatt"
}

report {
  charts  = ["panel", "timeline"]
  chart = "panels"
}

benchmark "b" {
  model    = model.m
  provider = provider.simulater.s
  workload = workload.w
  gpu_type = "H100"

  matrix {
    user    = [1, 2]
    exclude = [{ gpu = 1 }]
  }

  slo {
    ttft_p9 = "2s"
    latency = "2s"
  }
}
