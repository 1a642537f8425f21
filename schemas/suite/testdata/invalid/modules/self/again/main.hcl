module "up" {
  source = "../../self"
}
