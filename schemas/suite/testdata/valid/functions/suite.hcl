# Files of the suite's folder, and functions over them.
locals {
  repos   = [for line in split("\n", chomp(file("text/repos.txt"))) : line if !startswith(line, "#")]
  sizes   = csvdecode(file("text/sizes.csv"))
  revised = formatdate("YYYY-MM-DD", timeadd("2026-11-22T12:00:00Z", "24h"))
}

suite "functions" {
  salt = templatefile("text/salt.tpl", { day = local.revised, repos = local.repos })
}

model "m" {
  repo     = one([for r in local.repos : r if endswith(r, "/m")])
  revision = "0123456789abcdef0123456789abcdef01234567"
}

provider "simulator" "s" {
  speed = sum([for s in local.sizes : tonumber(s.users)])
}

workload "w" {
  isl = max(convert(local.sizes[*].isl, list(number))...)
  osl = parseint(replace("osl-10", "/[^0-9]+/", ""), 16)
}

benchmark "b" {
  model    = model.m
  provider = provider.simulator.s
  workload = workload.w
  gpu_type = upper("h100")
  trials   = length(setintersection(["a", "b"], ["b"]))

  matrix {
    users = distinct(compact(local.sizes[*].users))
  }
}
