output "x" {
  value = var.outside
}
benchmark "b" {
  model = model.m
}
