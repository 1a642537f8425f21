variable "length" {
  type = number
  validation {
    condition     = var.length > 0
    error_message = "No length."
  }
}

variable "users" {
  type    = list(number)
  default = [1]
}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

stage "load" {
  timeout = "1m"
}

output "length" {
  value = var.length
}
