package suite

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// keyed is a suite in which everything that can bear on a result is set. A blank line ends each block.
const keyed = `suite "s" {
  seed = 1
  salt = "pepper"
}

variable "token" {
  type      = string
  default   = "hunter2"
  sensitive = true
}

model "m" {
  repo      = "acme/m"
  revision  = "0123456789abcdef0123456789abcdef01234567"
  tokenizer = "acme/tok"
}

engine "e" {
  kind    = "vllm"
  image   = "acme/e:1"
  command = ["serve"]
  args    = ["--fast"]
  env     = { LEVEL = "INFO", TOKEN = var.token }
}

provider "simulator" "p" {
  speed = 2
}

provider "endpoint" "q" {
  url     = "http://q.test"
  api_key = var.token
  note    = "quiet"
  quota   = { H100 = 8 }
  ttl     = "90m"
}

workload "w" {
  isl           = 1024
  osl           = { normal = [256, 20], max = 512 }
  requests      = 160
  endpoint      = "chat"
  shared_prefix = 128
  warmup        = 20
  timeout       = "90s"
  ramp          = "5s"
  temperature   = 0.7
  ignore_eos    = false
  arrival       = "gamma"
  burstiness    = 0.5
  extra_body    = { top_k = 20, min_tokens = null }
  headers       = { X-Tier = "gold", X-Token = var.token }
}

benchmark "b" {
  description = "What for."
  model       = model.m
  engine      = engine.e
  workload    = workload.w
  gpu_type    = "H100"
  trials      = 2
  matrix {
    provider = [provider.simulator.p, provider.endpoint.q]
    gpus     = [1, 2]
    users    = [4, 16]
  }
  slo {
    errors = "1%"
  }
}

benchmark "open" {
  model    = model.m
  provider = provider.simulator.p
  workload = workload.w
  gpu_type = "B200"
  rate     = 0.5
}

stage "load" {
  processes = 2
  timeout   = "20m"
  retry {
    attempts = 2
  }
}

gpu "H100" {
  price_per_hour = 3
  price_as_of    = "2026-07-01"
}

budget {
  usd = 20
}

report {
  charts = ["panels"]
}
`

// keys are, for each cell of a suite, what of it is part of a checkpoint key, as canonical JSON in sorted order.
func keys(t *testing.T, files map[string]string) []string {
	t.Helper()
	s, parsed, diags := Load(write(t, files), options())
	if diags.HasErrors() {
		t.Fatalf("%s\n%v", render(t, parsed, diags), files)
	}
	stages := map[string]json.RawMessage{}
	for kind, p := range s.Stages {
		stages[kind] = json.RawMessage(canonical(t, p.KeyConfig))
	}
	var out []string
	for _, c := range s.Cells() {
		m, e, w := *c.Model, Engine{}, c.Workload
		if c.Engine != nil {
			e = *c.Engine
		}
		text, err := json.Marshal([]any{
			s.Seed, s.Salt, stages, m.Repo, m.Revision, m.Tokenizer, e.Kind, e.Image, e.Command, e.Args, e.Env,
			c.Provider.Type, json.RawMessage(canonical(t, c.Provider.KeyConfig)), c.GPUType, c.GPUs, c.Users, c.RateRPS, c.Input, c.Output, c.Trial,
			w.Requests, w.Duration, w.Endpoint, w.SharedPrefixTokens, w.Warmup, w.Timeout, w.Ramp, w.Temperature, w.IgnoreEOS, w.Arrival, w.Burstiness, w.ExtraBody, w.Headers, w.MaxInFlight,
		})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text))
	}
	slices.Sort(out)
	return out
}

// rewrites keep what a suite means.
var rewrites = map[string]func(r *rand.Rand, blocks []string) []string{
	"reorder": func(r *rand.Rand, blocks []string) []string {
		r.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
		return blocks
	},
	"rename": func(r *rand.Rand, blocks []string) []string {
		suffix := fmt.Sprintf("-%d", r.IntN(1000))
		return each(blocks, func(b string) string {
			for _, label := range []string{"model", "engine", "simulator", "endpoint", "workload", "benchmark", "suite", "variable"} {
				head, rest, ok := strings.Cut(b, label+`" "`)
				if !ok {
					head, rest, ok = strings.Cut(b, label+` "`)
				}
				if ok && (head == "" || strings.HasSuffix(head, "\n") || strings.HasSuffix(head, `provider "`)) && !strings.HasPrefix(rest, "endpoint") {
					name, body, _ := strings.Cut(rest, `"`)
					b = b[:len(b)-len(rest)] + name + suffix + `"` + body
				}
			}
			for _, ref := range []string{"model.m", "engine.e", "simulator.p", "endpoint.q", "workload.w", "var.token"} {
				b = replaceWord(b, ref, ref+suffix)
			}
			return b
		})
	},
	"comment": func(r *rand.Rand, blocks []string) []string {
		return each(blocks, func(b string) string {
			lines := strings.Split(b, "\n")
			at := r.IntN(len(lines))
			return strings.Join(slices.Insert(lines, at, []string{"# a comment", "// another", "/* and\n one more */"}[r.IntN(3)]), "\n")
		})
	},
	"reformat": func(r *rand.Rand, blocks []string) []string {
		return each(blocks, func(b string) string {
			if r.IntN(2) == 0 {
				return string(hclwrite.Format([]byte(strings.ReplaceAll(b, "\n  ", "\n"))))
			}
			return strings.ReplaceAll(strings.ReplaceAll(b, " = ", strings.Repeat(" ", r.IntN(4))+"="+strings.Repeat("\t", r.IntN(3))), "\n  ", "\n\n"+strings.Repeat(" ", r.IntN(9)))
		})
	},
	"other words": func(r *rand.Rand, blocks []string) []string {
		same := []string{`"90s"`, `"1m30s"`, "0.5", "1 / 2", "[4, 16]", "[for n in [4, 16] : n]", `"acme/e:1"`, `"acme/${"e"}:1"`, "max = 512", "max = 256 * 2", "[16, 4]", "pow2(4, 16)"}
		i := 2 * r.IntN(len(same)/2)
		return each(blocks, func(b string) string { return strings.ReplaceAll(b, same[i], same[i+1]) })
	},
	"indirection": func(r *rand.Rand, blocks []string) []string {
		name := fmt.Sprintf("v%d", r.IntN(1_000_000))
		value := []string{"1024", "160", `"acme/tok"`, `["--fast"]`}[r.IntN(4)]
		found := false
		blocks = each(blocks, func(b string) string {
			if out := strings.ReplaceAll(b, "= "+value+"\n", "= local."+name+"\n"); out != b {
				found = true
				return out
			}
			return b
		})
		if found {
			blocks = append(blocks, "locals {\n  "+name+" = "+value+"\n}")
		}
		return blocks
	},
}

func each(blocks []string, f func(string) string) []string {
	out := make([]string, len(blocks))
	for i, b := range blocks {
		out[i] = f(b)
	}
	return out
}

// replaceWord replaces a reference, but not one that only begins like it.
func replaceWord(text, word, with string) string {
	for _, end := range []string{"\n", ",", "]", " ", "}"} {
		text = strings.ReplaceAll(text, word+end, with+end)
	}
	return text
}

// Renaming, reordering, commenting, reformatting and other ways to write the same change no key.
func TestRewritesChangeNoKey(t *testing.T) {
	want := keys(t, map[string]string{"s.hcl": keyed})
	names := sortedKeys(rewrites)
	random := rand.New(rand.NewPCG(7, 11))
	for i := range 60 {
		blocks := strings.Split(strings.TrimSpace(keyed), "\n\n")
		var done []string
		for range 1 + i%5 {
			name := names[random.IntN(len(names))]
			if i < len(names) {
				name = names[i] // each by itself first
			}
			if slices.Contains(done, name) {
				continue
			}
			if name == "reformat" { // last, since the others look for what the base looks like
				continue
			}
			blocks, done = rewrites[name](random, blocks), append(done, name)
		}
		blocks = rewrites["reformat"](random, blocks)
		cut := random.IntN(len(blocks))
		files := map[string]string{"a.hcl": strings.Join(blocks[:cut], "\n"), "b.hcl": strings.Join(blocks[cut:], "\n")}
		if diff := cmp.Diff(want, keys(t, files)); diff != "" {
			t.Fatalf("after %v (-want +got):\n%s\n%v", done, diff, files)
		}
	}
}

// Each keyed field changes the keys of the cells it is about, and what is only recorded changes none.
func TestFieldsAndKeys(t *testing.T) {
	base := keys(t, map[string]string{"s.hcl": keyed})
	tests := map[string]struct {
		old, changed string
		cells        int // of 19, those whose key is another
	}{
		"seed":          {"seed = 1", "seed = 2", 19},
		"salt":          {`"pepper"`, `"salt"`, 19},
		"repo":          {`"acme/m"`, `"acme/n"`, 19},
		"revision":      {`"0123456789a`, `"1123456789a`, 19},
		"tokenizer":     {`"acme/tok"`, `"acme/tik"`, 19},
		"engine kind":   {`"vllm"`, `"sglang"`, 16},
		"image":         {`"acme/e:1"`, `"acme/e:2"`, 16},
		"command":       {`["serve"]`, `["serve", "now"]`, 16},
		"args":          {`"--fast"`, `"--slow"`, 16},
		"env":           {`LEVEL = "INFO"`, `LEVEL = "DEBUG"`, 16},
		"provider":      {"speed = 2", "speed = 3", 11},
		"url":           {"http://q.test", "http://r.test", 8},
		"isl":           {"isl           = 1024", "isl           = 1025", 19},
		"osl":           {"[256, 20]", "[256, 21]", 19},
		"osl bound":     {"max = 512", "max = 513", 19},
		"requests":      {"= 160", "= 161", 19},
		"duration":      {"requests      = 160", "duration = \"60s\"", 19},
		"api":           {`"chat"`, `"completions"`, 19},
		"shared prefix": {"= 128", "= 127", 19},
		"warmup":        {"= 20\n  timeout", "= 21\n  timeout", 19},
		"timeout":       {`"90s"`, `"91s"`, 19},
		"ramp":          {`"5s"`, `"6s"`, 19},
		"temperature":   {"0.7", "0.8", 19},
		"ignore_eos":    {"ignore_eos    = false", "ignore_eos    = true", 19},
		"arrival":       {"arrival       = \"gamma\"\n  burstiness    = 0.5", `arrival = "poisson"`, 19},
		"burstiness":    {"burstiness    = 0.5", "burstiness    = 0.6", 19},
		"extra body":    {"top_k = 20", "top_k = 21", 19},
		"left out":      {", min_tokens = null", "", 19},
		"header":        {`"gold"`, `"lead"`, 19},
		"max_in_flight": {"burstiness    = 0.5", "burstiness    = 0.5\n  max_in_flight = 64", 19},
		"gpu type":      {`"B200"`, `"H200"`, 3},
		"gpus":          {"[1, 2]", "[1, 4]", 8},
		"users":         {"[4, 16]", "[4, 17]", 8},
		"rate":          {"rate     = 0.5", "rate     = 0.75", 3},
		"trials":        {"trials      = 2", "trials      = 1", 0}, // fewer cells, none of them other
		"stage":         {"processes = 2", "processes = 3", 19},

		"description":   {"What for.", "What else.", 0},
		"secret":        {`"hunter2"`, `"hunter3"`, 0},
		"note":          {`"quiet"`, `"loud"`, 0},
		"quota":         {"H100 = 8", "H100 = 4", 0},
		"ttl":           {`"90m"`, `"91m"`, 0},
		"case of name":  {"X-Tier", "x-tier", 0},
		"objective":     {`"1%"`, `"2%"`, 0},
		"step timeout":  {`"20m"`, `"21m"`, 0},
		"retries":       {"attempts = 2", "attempts = 3", 0},
		"price":         {"price_per_hour = 3", "price_per_hour = 4", 0},
		"budget":        {"usd = 20", "usd = 30", 0},
		"charts":        {`["panels"]`, `["pareto"]`, 0},
		"suite's name":  {`suite "s"`, `suite "t"`, 0},
		"default shown": {"gpu_type = \"B200\"", "gpu_type = \"B200\"\n  gpus = 1\n  trials = 3", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(keyed, tt.old, tt.changed, 1)
			if text == keyed && tt.old != "" {
				t.Fatalf("%q is not in the suite", tt.old)
			}
			got, other := keys(t, map[string]string{"s.hcl": text}), 0
			for _, key := range got {
				if !slices.Contains(base, key) {
					other++
				}
			}
			if other != tt.cells {
				t.Errorf("%d of %d cells have another key, want %d", other, len(got), tt.cells)
			}
		})
	}
}
