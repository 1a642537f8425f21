variable "osl" {
  type = number
}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

workload "w" {
  isl = 64
  osl = var.osl
}
