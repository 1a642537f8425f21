model "m" {
  repo = "acme/m
}

benchmark "b" {
  model = model.m
