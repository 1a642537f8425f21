# What a mistake in a line makes of the rest of the line is not said.
model "m" {
  repo     = 'acme/m'
  revision = “0123456”
}

workload "w" {
  isl = 64;
  osl == 8
  warmup: 4
  timeout = $x
}
