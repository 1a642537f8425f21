module "remote" {
  source = "acme/part"
}

module "absent" {
  source = "./absent"
}

module "nothing" {
  source = "./empty"
}

module "file" {
  source = "./suite.hcl"
}

module "unsaid" {
  users = [1]
}

module "computed" {
  source = local.folder
}

module "self" {
  source = "./self"
}

module "broken" {
  source = "./broken"
}

module "part" {
  source = "./part"
  lenght = 3
  users  = "many"
}

module "part" {
  source = "./part"
}

module "short" {
  source = "./part"
  length = 0
  users  = module.bare.n
}

module "circle" {
  source = "./part"
  length = module.circle.length
}

module "bare" {
  source   = "./bare"
  for_each = toset(["a", "b"])
}

module "reserved" {
  source = "./reserved"
}

module "a/b" {
  source = "./bare"
}

locals {
  folder = "./part"
  known  = module.short.length
  near   = module.short.lengths
  no_one = module.shrt.length
  inside = module.short.model
  broken = module.broken.anything
}
