# Every axis varies, lengths are distributions, and a condition chooses.
suite "matrix" {
  requests = 8
}

model "big" {
  repo     = "acme/big"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

model "small" {
  repo     = "acme/small"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

engine "a" {}

engine "b" {}

provider "simulator" "s" {}

provider "endpoint" "e" {
  url = "http://e.test"
}

workload "recorded" {
  isl           = { dataset = "chat.jsonl" }
  osl           = { dataset = "chat.jsonl", field = "answer" }
  shared_prefix = 99
}

workload "drawn" {
  isl = { normal = [1024, 200], min = 64, max = 2048 }
  osl = 256
}

benchmark "every_axis" {
  trials = 1

  matrix {
    model    = [model.big, model.small]
    engine   = [engine.a, engine.b]
    provider = [provider.simulator.s, provider.endpoint.e]
    gpu_type = ["H100", "B200"]
    gpus     = [1, 8]
    workload = [workload.recorded, workload.drawn]
    isl      = [{ uniform = [800, 1024] }, 912]
    osl      = [{ lognormal = [200, 150], max = 1024 }, 256]
    users    = [1, 16]

    when = alltrue([
      cell.gpus == (cell.model == model.big ? 8 : 1),
      cell.engine.name == (cell.gpu_type == "H100" ? "a" : "b"),
      cell.users >= cell.gpus,
      cell.isl + cell.osl < 1150,
      cell.workload.name == "drawn" && cell.provider == provider.simulator.s,
      cell.rate == null,
    ])
    include = [{
      model    = model.big, provider = provider.endpoint.e, workload = workload.recorded,
      gpu_type = "H100", rate = 0.5
    }]
  }
}

benchmark "from_workload" {
  for_each = { least = 2, most = 4 }
  model    = model.big
  provider = provider.simulator.s
  workload = workload.recorded
  gpu_type = "H100"
  trials   = 1

  matrix {
    rate = [1, 2, 3, 4]
    when = cell.isl < 200 && cell.gpus == 1 && cell.users == null && (each.key == "least" ? cell.rate < each.value : cell.rate >= each.value)
  }
}
