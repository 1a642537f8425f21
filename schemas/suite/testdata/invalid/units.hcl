provider "simulator" "s" {
  ttl             = 20
  startup_timeout = "soon"
}

workload "w" {
  duration = "-5s"
  timeout  = "0s"
  ramp     = "2 minutes"
}

stage "load" {
  timeout = "20"
  retry {
    backoff = ["10s"]
  }
}

benchmark "b" {
  slo {
    ttft_p99 = "fast"
    tpot_p99 = true
    errors   = "one%"
    ttft_p50 = -1
  }
}
