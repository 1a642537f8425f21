benchmark "b" {
  slo {
    ttft_p99   = 5
    ttft_p50   = "5%"
    errors     = 0.01
    tpot_p99   = "50ms"
    output_tps = "500s"
  }
}

benchmark "c" {
  slo {
    errors     = "2s"
    output_tps = "50%"
  }
}
