# Nobody could give this variable a value.
variable "source" {
  default = "x"
}
