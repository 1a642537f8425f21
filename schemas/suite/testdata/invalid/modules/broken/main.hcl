model "m" {
