output "osl" {
  value = 32
}
