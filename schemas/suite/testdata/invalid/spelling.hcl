# Names that cannot be, and one GPU type in two ways: its price and its quota would be those of another.
suite "two\nlines" {}

model "m" {
  repo      = <<EOT
acme/m
EOT
  revision  = "0123456789abcdef0123456789abcdef01234567 "
  tokenizer = "acme\ttok"
}

model "a-name-that-is-far-longer-than-anyone-would-want-to-read-or-to-type-in" {
  repo = "acme/m"
}

gpu "H100" {
  price_per_hour = 3
  price_as_of    = "2026-07-01"
}

gpu "RTX 4090" {
  tdp_watts = 450
}

gpu "rtx/4090" {
  tdp_watts = 450
}

engine "e" {
  image = ""
  env   = { "A=B" = "x", "" = "y", "HF TOKEN" = "z", FINE = "1", "ok.too" = "2" }
}

provider "simulator" "s" {
  quota = { h100 = 1, H200 = 0, B200 = -3 }
}

workload "w" {
  isl = 64
  osl = 16
}

benchmark "b" {
  for_each = { one = "h100", two = "H100/SXM", "" = "RTX 4090" }
  model    = model.m
  engine   = engine.e
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = each.value
  users    = 2
}

benchmark "c" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  users    = 2
  matrix {
    gpu_type = ["h100", gpu["RTX 4090"], "H100/SXM", "\n"]
  }
}
