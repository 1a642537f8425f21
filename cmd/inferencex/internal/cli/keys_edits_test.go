package cli

// everything is a suite in which all is set that a cell's key can be made of, on a provider of each type.
const everything = `suite "s" {
  seed = 1
  salt = "pepper"
}

model "m" {
  repo      = "Qwen/Qwen3-8B-FP8"
  revision  = "220b46e3b2180893580a4454f21f22d3ebb187d3"
  tokenizer = "a.tokenizer.json"
}

model "n" {
  repo     = "Qwen/Qwen3-32B"
  revision = "0123456789abcdef0123456789abcdef01234567"
}

engine "batching" {
  kind = "vllm"
  args = ["--max-num-seqs", "64"]
}

engine "own" {
  kind    = "sglang"
  image   = "acme/own:1"
  command = ["serve", "{model}", "{alias}", "{port}"]
  args    = ["--fast"]
  env     = { LEVEL = "INFO" }
}

provider "simulator" "p" {
  speed = 2
}

provider "endpoint" "q" {
  url     = "http://127.0.0.1:8000"
  headers = { route = "a" }
}

provider "process" "r" {
  port = 0
}

workload "w" {
  isl           = 1024
  osl           = 256
  requests      = 160
  shared_prefix = 128
  extra_body    = { top_k = 20 }
  headers       = { tier = "gold" }
}

workload "bare" {
  isl = 64
  osl = 8
}

workload "long" {
  isl      = 512
  osl      = { normal = [128, 10] }
  duration = "60s"
}

benchmark "simulated" {
  model    = model.m
  engine   = engine.batching
  provider = provider.simulator.p
  gpu_type = "H100"
  trials   = 2
  matrix {
    workload = [workload.w, workload.long]
    gpus     = [1, 2]
    users    = [4, 16]
  }
}

benchmark "there" {
  model    = model.m
  provider = provider.endpoint.q
  workload = workload.w
  gpu_type = "H200"
  users    = 8
  trials   = 1
}

benchmark "short" {
  model    = model.m
  provider = provider.endpoint.q
  workload = workload.bare
  gpu_type = "L40S"
  users    = 3
  trials   = 1
}

workload "open" {
  isl        = 256
  osl        = 16
  requests   = 80
  arrival    = "gamma"
  burstiness = 0.5
}

workload "phased" {
  isl    = 300
  osl    = 30
  phases = [{ users = 4, duration = "10s" }]
}

benchmark "open" {
  model    = model.m
  provider = provider.endpoint.q
  workload = workload.open
  gpu_type = "H200"
  rate     = 2
  trials   = 1
}

workload "again" {
  trace       = "a.jsonl"
  trace_speed = 2
}

benchmark "again" {
  model    = model.m
  provider = provider.endpoint.q
  workload = workload.again
  gpu_type = "H200"
  trials   = 1
}

workload "asked" {
  dataset = "a.prompts.jsonl"
  unique  = true
  keep    = { max_isl = 64 }
}

benchmark "asked" {
  model    = model.m
  provider = provider.endpoint.q
  workload = workload.asked
  gpu_type = "H200"
  users    = 3
  trials   = 1
}

workload "spoken" {
  isl        = 200
  osl        = 20
  requests   = 90
  turns      = 3
  think_time = "2s"
}

benchmark "spoken" {
  model    = model.m
  provider = provider.endpoint.q
  workload = workload.spoken
  gpu_type = "H200"
  users    = 5
  trials   = 1
}

benchmark "phased" {
  model    = model.m
  provider = provider.endpoint.q
  workload = workload.phased
  gpu_type = "H200"
  trials   = 1
}

benchmark "here" {
  model    = model.m
  engine   = engine.own
  provider = provider.process.r
  workload = workload.w
  gpu_type = "B200"
  users    = 8
  trials   = 1
}
`

// files are those that everything, and edits of it, name.
var files = map[string]string{
	"a.tokenizer.json": `{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":[]}}`,
	"b.tokenizer.json": `{"model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2},"merges":[]}}`,
	"a.jsonl":          `{"timestamp": 0, "input_length": 64, "output_length": 8}` + "\n" + `{"timestamp": 500, "input_length": 32, "output_length": 4}`,
	"a.prompts.jsonl":  `{"prompt": "ab", "completion": "a"}`,
	"b.prompts.jsonl":  `{"prompt": "ba", "completion": "a"}`,
	"b.jsonl":          `{"timestamp": 0, "input_length": 65, "output_length": 8}` + "\n" + `{"timestamp": 500, "input_length": 32, "output_length": 5}`,
}

// edit is a change of everything: of one argument of the language, and what becomes of the cells.
type edit struct {
	replace []string // pairs of what stands there and what is to stand there
	// fields are what is other in the configuration of a load or a fetch-power, and with it in a key: "load.seed". Empty: no key is other.
	fields []string
	// cells says that there are more or fewer cells. Those that stay keep their keys.
	cells bool
	// because says why an argument is no part of a key though the reference does not say so.
	because string
}

// keyed is an edit by which these fields, and with them keys, are other.
func keyed(old, changed string, fields ...string) edit {
	return edit{replace: []string{old, changed}, fields: fields}
}

// unkeyed is an edit by which no key is another.
func unkeyed(old, changed string) edit { return keyed(old, changed) }

// other is an edit by which there are other cells.
func other(replace ...string) edit { return edit{replace: replace, cells: true} }

// because says why an edit changes no key.
func because(why, old, changed string) edit {
	return edit{replace: []string{old, changed}, because: why}
}

// end is how the last block of everything ends.
const end = "users    = 8\n  trials   = 1\n}\n"

// block puts another block of one argument behind all others.
func another(header, argument string, fields ...string) edit {
	return keyed(end, end+"\n"+header+" {\n  "+argument+"\n}\n", fields...)
}

// behind is what stands in a line, with an argument in a line after it.
func behind(line, argument string) (old, changed string) {
	return line + "\n", line + "\n  " + argument + "\n"
}

// edits are those of every argument by which a suite can be told from another: by kind of block, with the first label where arguments
// depend on it, and by name.
func edits() map[string]edit {
	const (
		suite, simulator, endpoint, process = `salt = "pepper"`, "speed = 2", `headers = { route = "a" }`, "port = 0"
		workload, long, matrix, bench       = `headers       = { tier = "gold" }`, `duration = "60s"`, "users    = [4, 16]", "trials   = 2"
		deployment, config                  = "load.deployment.", "load.deployment.provider.config."
	)
	set := func(line, argument string, fields ...string) edit {
		old, changed := behind(line, argument)
		return keyed(old, changed, fields...)
	}
	axis := func(beside, argument string) edit { // moves an axis from beside the matrix into it
		return other(`benchmark "simulated" {`, `benchmark "simulated" {`+"\n  # varies", beside, "", matrix+"\n", matrix+"\n    "+argument+"\n")
	}
	return map[string]edit{
		"suite.description": set(suite, `description = "x"`),
		"suite.seed":        keyed("seed = 1", "seed = 2", "load.seed"),
		"suite.salt":        keyed(`"pepper"`, `"salt"`, "load.salt"),
		"suite.on_failure":  set(suite, `on_failure = "stop"`),
		"suite.requests":    set(suite, "requests = 1000", "load.workload.requests"),

		"model.repo":      keyed(`"Qwen/Qwen3-8B-FP8"`, `"Qwen/Qwen3-8B"`, deployment+"model.repo"),
		"model.revision":  keyed(`"220b46e`, `"320b46e`, deployment+"model.revision"),
		"model.tokenizer": keyed(`"a.tokenizer.json"`, `"b.tokenizer.json"`, "load.workload.tokenizer"),

		"gpu.price_per_hour": another(`gpu "H100"`, "price_per_hour = 3\n  price_as_of = \"2026-07-01\""),
		"gpu.price_as_of":    another(`gpu "H100"`, "price_per_hour = 3\n  price_as_of = \"2026-07-02\""),
		"gpu.tdp_watts":      another(`gpu "H100"`, "tdp_watts = 701"),

		"engine.kind":    keyed(`"sglang"`, `"llama.cpp"`, deployment+"engine.kind"),
		"engine.image":   keyed(`"acme/own:1"`, `"acme/own:2"`, deployment+"engine.image"),
		"engine.command": keyed(`["serve",`, `["serve", "now",`, deployment+"engine.command"),
		"engine.args":    keyed(`"--fast"`, `"--slow"`, deployment+"engine.args"),
		"engine.env":     keyed(`"INFO"`, `"DEBUG"`, deployment+"engine.env.LEVEL"),

		"provider.quota":                  set(simulator, "quota = { H100 = 8 }"),
		"provider.ttl":                    set(simulator, `ttl = "9h"`),
		"provider.startup_timeout":        set(simulator, `startup_timeout = "9m"`),
		"provider:simulator.speed":        keyed(simulator, "speed = 3", config+"speed"),
		"provider:simulator.model":        set(simulator, `model = "Qwen3-8B"`, config+"model"),
		"provider:simulator.architecture": set(simulator, "architecture = { parameters = 8e9, layers = 36, hidden = 4096, heads = 32, kv_heads = 8, head_dim = 128, vocabulary = 151936, context = 40960, weight_bytes = 2 }", config+"architecture"),
		"provider:simulator.board":        set(simulator, "board = { memory_bytes = 8e10, bandwidth = 3e12, bf16_flops = 1e15, fp8_flops = 2e15, sm_clock_hz = 2e9, tdp_watts = 700, idle_watts = 70 }", config+"board"),
		"provider:simulator.profile":      set(simulator, `profile = "offline"`, config+"profile"),
		"provider:simulator.seed":         set(simulator, "seed = 1", config+"seed"),
		"provider:simulator.startup":      set(simulator, `startup = "1s"`, config+"startup"),
		"provider:simulator.exact_power":  set(simulator, "exact_power = true", config+"exact_power"),
		"provider:simulator.faults":       set(simulator, `faults = [{ kind = "http_500" }]`, config+"faults"),
		"provider:endpoint.url":           keyed("127.0.0.1:8000", "127.0.0.1:8001", config+"url"),
		"provider:endpoint.model":         set(endpoint, `model = "llm"`, config+"model"),
		"provider:endpoint.api_key_env":   set(endpoint, `api_key_env = "KEY"`),
		"provider:endpoint.headers":       keyed(`route = "a"`, `route = "b"`, config+"headers.route"),
		"provider:endpoint.header_env":    set(endpoint, `header_env = { X-Key = "KEY" }`),
		"provider:endpoint.power":         set(endpoint, `power = "nvidia-smi"`, config+"power"),
		"provider:endpoint.gpu_ids":       set(endpoint, `gpu_ids = ["1"]`),
		"provider:endpoint.ca_file":       set(endpoint, `ca_file = "/etc/ca.pem"`),
		"provider:endpoint.insecure":      set(endpoint, "insecure = true"),
		"provider:endpoint.metrics_urls":  set(endpoint, `metrics_urls = ["http://127.0.0.1:8002/metrics"]`),
		"provider:process.program":        set(process, `program = "/bin/serve"`),
		"provider:process.model":          set(process, `model = "llm"`, config+"model"),
		"provider:process.host":           set(process, `host = "127.0.0.2"`),
		"provider:process.port":           unkeyed(process, "port = 9000"),
		"provider:process.workdir":        set(process, `workdir = "/tmp"`),
		"provider:process.log_dir":        set(process, `log_dir = "/tmp"`),
		"provider:process.gpu_ids":        set(process, `gpu_ids = ["1"]`),
		"provider:process.api_key_env":    set(process, `api_key_env = "KEY"`),
		"provider:process.power":          set(process, `power = "none"`, config+"power"),
		"provider:process.grace":          set(process, `grace = "1s"`),

		"workload.requests":      keyed("= 160", "= 161", "load.workload.requests"),
		"workload.duration":      keyed(`"60s"`, `"61s"`, "load.workload.duration"),
		"workload.isl":           keyed("= 1024", "= 1025", "load.workload.isl"),
		"workload.osl":           keyed("[128, 10]", "[128, 11]", "load.workload.osl"),
		"workload.endpoint":      set(workload, `endpoint = "chat"`, "load.workload.api"),
		"workload.shared_prefix": keyed("= 128\n", "= 127\n", "load.workload.shared_prefix"),
		"workload.warmup":        keyed("isl = 64\n", "isl = 64\n  warmup = 0\n", "load.cold"), // how warm is not asked
		"workload.timeout":       because("what takes longer has failed, and is no answer", workload, workload+"\n  timeout = \"9m\""),
		"workload.arrival":       keyed("arrival    = \"gamma\"\n  burstiness = 0.5", `arrival = "constant"`, "load.workload.arrival", "load.workload.burstiness"),
		"workload.burstiness":    keyed("burstiness = 0.5", "burstiness = 0.6", "load.workload.burstiness"),
		"workload.max_in_flight": keyed("burstiness = 0.5", "burstiness = 0.5\n  max_in_flight = 64", "load.workload.max_in_flight"),
		"workload.phases":        keyed("[{ users = 4, duration = \"10s\" }]", "[{ rate = 4, duration = \"10s\" }]", "load.workload.phases", "load.users", "load.rate_rps", "load.workload.arrival", "load.workload.max_in_flight"),
		"workload.trace":         keyed(`"a.jsonl"`, `"b.jsonl"`, "load.workload.trace.sha256", "load.workload.isl.dataset", "load.workload.osl.dataset"),
		"workload.trace_speed":   keyed("trace_speed = 2", "trace_speed = 3", "load.workload.trace.speed", "load.rate_rps"),
		"workload.dataset":       keyed(`"a.prompts.jsonl"`, `"b.prompts.jsonl"`, "load.workload.dataset.sha256", "load.workload.isl.text", "load.workload.osl.text"),
		"workload.unique":        keyed("unique  = true", "unique  = false", "load.workload.dataset.unique"),
		"workload.keep":          keyed("max_isl = 64", "max_isl = 65", "load.workload.dataset.keep.max_isl"),
		"workload.turns":         keyed("turns      = 3", "turns      = 4", "load.workload.turns"),
		"workload.think_time":    keyed(`think_time = "2s"`, `think_time = { exponential = "2s" }`, "load.workload.think_time"),
		"workload.ramp":          set(workload, `ramp = "1s"`, "load.workload.ramp"),
		"workload.grace":         set(long, `grace = "31s"`, "load.workload.grace"),
		"workload.temperature":   set(workload, "temperature = 0.5", "load.workload.temperature"),
		"workload.ignore_eos":    set(workload, "ignore_eos = false", "load.workload.ignore_eos"),
		"workload.extra_body":    keyed("top_k = 20", "top_k = 21", "load.workload.extra_body.top_k"),
		"workload.headers":       keyed(`tier = "gold"`, `tier = "tin"`, "load.workload.headers.Tier"),

		"benchmark.for_each":    set(bench, `for_each = toset(["a"])`),
		"benchmark.description": set(bench, `description = "x"`),
		"benchmark.model":       keyed("model.m\n  provider = provider.endpoint.q\n  workload = workload.w", "model.n\n  provider = provider.endpoint.q\n  workload = workload.w", deployment+"model", "load.workload.tokenizer"),
		"benchmark.engine":      keyed("engine.own", "engine.batching", deployment+"engine"),
		"benchmark.provider":    keyed("provider.process.r", "provider.simulator.p", deployment+"provider.type", deployment+"provider.revision", deployment+"provider.config"),
		"benchmark.workload":    keyed("workload.bare\n", "workload.w\n", "load.workload"),
		"benchmark.gpu_type":    keyed(`"B200"`, `"MI300X"`, deployment+"gpu_type"),
		"benchmark.gpus":        set(`gpu_type = "B200"`, "gpus = 2", deployment+"gpus", "power.gpus"),
		"benchmark.isl":         set(`gpu_type = "B200"`, "isl = 200", "load.workload.isl"),
		"benchmark.osl":         set(`gpu_type = "B200"`, "osl = 200", "load.workload.osl"),
		"benchmark.users":       keyed("users    = 8", "users    = 9", "load.users"),
		"benchmark.rate":        keyed("rate     = 2", "rate     = 3", "load.rate_rps"),
		"benchmark.trials":      other(bench, "trials   = 3"),

		"benchmark.matrix.model":    axis("model    = model.m\n  engine   = engine.batching", "model = [model.m, model.n]"),
		"benchmark.matrix.engine":   axis("  engine   = engine.batching\n", "engine = [engine.batching, engine.own]"),
		"benchmark.matrix.provider": axis("  provider = provider.simulator.p\n", "provider = [provider.simulator.p, provider.endpoint.q]"),
		"benchmark.matrix.gpu_type": axis("  gpu_type = \"H100\"\n", `gpu_type = ["H100", "H200"]`),
		"benchmark.matrix.gpus":     keyed("[1, 2]", "[1, 4]", deployment+"gpus", "power.gpus"),
		"benchmark.matrix.workload": other("[workload.w, workload.long]", "[workload.w]"),
		"benchmark.matrix.isl":      set(matrix, "isl = [200]", "load.workload.isl"),
		"benchmark.matrix.osl":      set(matrix, "osl = [200]", "load.workload.osl"),
		"benchmark.matrix.users":    keyed("[4, 16]", "[4, 17]", "load.users"),
		"benchmark.matrix.rate":     other("  rate     = 2\n", "  matrix {\n    rate = [2, 3]\n  }\n"),
		"benchmark.matrix.exclude":  other(matrix, matrix+"\n    exclude = [{ gpus = 1, users = 4 }]"),
		"benchmark.matrix.include":  other(matrix, matrix+"\n    include = [{ workload = workload.w, gpus = 8, users = 64 }]"),
		"benchmark.matrix.only":     other("workload = [workload.w, workload.long]\n    gpus     = [1, 2]\n    "+matrix, "only = [{ workload = workload.w, users = 4 }]"),
		"benchmark.matrix.when":     other(matrix, matrix+"\n    when = cell.users > 4"),

		"stage.timeout":                 another(`stage "load"`, `timeout = "1h"`),
		"stage.on_failure":              another(`stage "load"`, `on_failure = "stop"`),
		"stage.retry.attempts":          another(`stage "load"`, "retry {\n    attempts = 2\n  }"),
		"stage.retry.backoff":           another(`stage "load"`, "retry {\n    backoff = \"2s\"\n  }"),
		"stage.retry.on":                another(`stage "load"`, "retry {\n    on = [\"permanent\"]\n  }"),
		"stage:deploy.queue_timeout":    another(`stage "deploy"`, `queue_timeout = "1h"`),
		"stage:load.max_tokens_field":   another(`stage "load"`, `max_tokens_field = "max_completion_tokens"`, "load.options.max_tokens_field"),
		"stage:load.quiet":              another(`stage "load"`, `quiet = "9s"`, "load.options.quiet"),
		"stage:load.http":               another(`stage "load"`, `http = "2"`, "load.options.http"),
		"stage:warmup.http":             because("a cell is measured on a warm server", end, end+"\nstage \"warmup\" {\n  http = \"2\"\n}\n"),
		"stage:warmup.max_tokens_field": because("a cell is measured on a warm server", end, end+"\nstage \"warmup\" {\n  max_tokens_field = \"max_completion_tokens\"\n}\n"),
		"stage:fetch-power.source":      another(`stage "fetch-power"`, `source = "none"`, "power.options.source"),
		"stage:fetch-power.required":    another(`stage "fetch-power"`, "required = true"),
		"stage:fetch-power.period":      another(`stage "fetch-power"`, `period = "200ms"`, "power.options.period"),
		"stage:fetch-power.pad":         another(`stage "fetch-power"`, `pad = "3s"`, "power.options.pad"),
		"stage:fetch-power.path":        another(`stage "fetch-power"`, `path = "log.csv"`, "power.options.path"),
		"stage:fetch-power.command":     another(`stage "fetch-power"`, `command = "smi"`),

		"report.charts": another("report", `charts = ["panels"]`),
		"budget.usd":    another("budget", "usd = 1e6"),
	}
}
