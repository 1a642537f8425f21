model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

moved {
  from = model.m
  to   = model.n
}

moved {
  from = model.a
  to   = model.mm
}

moved {
  from = model.b
  to   = workload.w
}

moved {
  from = gpu.H100
  to   = gpu.H200
}

moved {
  from = "model.c"
  to   = model.m[0]
}

moved {
  from = model.d
}

moved {
  from = model.e
  to   = model.m
}

moved {
  from = model.f
  to   = model.m
}

moved {
  from = model.e
  to   = model.g
}

moved {
  from = workload.round
  to   = workload.about
}

moved {
  from = workload.about
  to   = workload.round
}
