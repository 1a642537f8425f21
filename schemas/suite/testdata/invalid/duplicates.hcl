suite "a" {}

suite "b" {}

model "m" {
  repo     = "acme/m"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

model "m" {
  repo = "acme/other"
}

locals {
  x = 1
}

locals {
  x = 2
}

variable "v" {
  default = 1
}

variable "v" {
  default = 2
}

provider "simulator" "s" {}

provider "endpoint" "s" {
  url = "http://another-type-is-another-name.test"
}

provider "simulator" "s" {}

stage "load" {}

stage "load" {}

benchmark "b" {
  matrix {}
  matrix {}
}

benchmark "b" {}
