# Neither of these is evaluated to its end.
locals {
  loops  = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a + b + c]]]
  after  = setproduct(range(1000), range(1000))
  before = local.loops[0]
}
