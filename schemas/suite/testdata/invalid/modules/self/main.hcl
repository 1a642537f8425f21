module "again" {
  source = "./again"
}
