package plan_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// lengthy is a suite of one cell, whose workload and data the tests vary.
const lengthy = `suite "s" { seed = 7 }
model "m" {
  repo     = "org/m"
  revision = "0123456789012345678901234567890123456789"
}
provider "fake" "p" {}
workload "w" {
  ISL
  OSL
}
benchmark "b" {
  model    = model.m
  provider = provider.fake.p
  workload = workload.w
  gpu_type = "H100"
  users    = 4
  trials   = 1
}
`

// build plans lengthy with these lengths, beside these files, for a server with this context.
func build(t *testing.T, isl, osl string, files map[string]string, context int) (*plan.Plan, hcl.Diagnostics) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "s.hcl")
	if err := os.WriteFile(path, []byte(strings.NewReplacer("ISL", "isl = "+isl, "OSL", "osl = "+osl).Replace(lengthy)), 0o644); err != nil {
		t.Fatal(err)
	}
	p, diags, err := plan.Build(plan.Config{
		Suite: load(t, path), Kinds: kinds(), Providers: providers{context: context},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, diags
}

func planOf(t *testing.T, isl, osl string, files map[string]string) *plan.Plan {
	t.Helper()
	p, diags := build(t, isl, osl, files, 0)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return p
}

func measured(t *testing.T, p *plan.Plan) plan.Step {
	t.Helper()
	for _, step := range p.Steps {
		if step.Address.Kind == plan.Load {
			return step
		}
	}
	t.Fatal("the plan has no load")
	return plan.Step{}
}

// The recipe of a cell whose requests are all alike has stayed what it was before lengths could be
// distributions: what was sealed then is found today.
func TestRecipeOfFixedLengths(t *testing.T) {
	want := []string{
		"fetch-power.config.gpus = 1",
		"fetch-power.revision = 1",
		`load.config.deployment.gpu_type = "H100"`,
		"load.config.deployment.gpus = 1",
		`load.config.deployment.model.repo = "org/m"`,
		`load.config.deployment.model.revision = "0123456789012345678901234567890123456789"`,
		`load.config.deployment.provider.type = "fake"`,
		"load.config.seed = 7",
		"load.config.trial = 1",
		"load.config.users = 4",
		`load.config.workload.api = "completions"`,
		"load.config.workload.ignore_eos = true",
		"load.config.workload.isl = 128",
		"load.config.workload.osl = 32",
		"load.config.workload.requests = 32",
		"load.config.workload.temperature = 0",
		"load.revision = 1",
	}
	if diff := cmp.Diff(want, []string(measured(t, planOf(t, "128", "32", nil)).Recipe)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

const (
	lines = "{\"isl\": 100, \"osl\": 10}\n{\"isl\": 200, \"osl\": 30}\n"
	other = "{\"isl\": 100, \"osl\": 10}\n{\"isl\": 201, \"osl\": 30}\n"
)

// Each number of a distribution changes the key of its cell, and so does the content of a dataset; how a file
// is called and laid out in the suite does not.
func TestKeysOfLengths(t *testing.T) {
	files := map[string]string{"a.jsonl": lines, "b.jsonl": lines, "other.jsonl": other}
	seen := map[string]string{}
	for _, isl := range []string{
		"912", "{ uniform = [800, 1024] }", "{ uniform = [801, 1024] }", "{ uniform = [800, 1025] }",
		"{ normal = [912, 20] }", "{ normal = [913, 20] }", "{ normal = [912, 21] }", "{ normal = [912, 20], min = 9 }", "{ normal = [912, 20], max = 999 }",
		"{ lognormal = [912, 20] }", `{ dataset = "a.jsonl" }`, `{ dataset = "a.jsonl", field = "osl" }`, `{ dataset = "other.jsonl" }`,
	} {
		key := measured(t, planOf(t, isl, "16", files)).Key
		if same, taken := seen[key]; taken || key == "" {
			t.Errorf("isl = %s has the key of %s", isl, same)
		}
		seen[key] = isl
	}
	a, b := measured(t, planOf(t, `{ dataset = "a.jsonl" }`, "16", files)), measured(t, planOf(t, `{ dataset = "b.jsonl" }`, "16", files))
	if a.Key != b.Key {
		t.Errorf("the same content in another file has another key:\n%s", cmp.Diff(a.Recipe, b.Recipe))
	}
}

// The values of a dataset stand in the plan once, beside the steps, and a step finds them by what its
// configuration holds.
func TestDatasetsAreBesideTheSteps(t *testing.T) {
	p := planOf(t, `{ dataset = "a.jsonl" }`, `{ dataset = "a.jsonl" }`, map[string]string{"a.jsonl": lines})
	for _, step := range p.Steps {
		if strings.Contains(string(step.Config), "a.jsonl") && step.Address.Kind != plan.Aggregate {
			t.Errorf("%s names the file: %s", step.Address, step.Config)
		}
	}
	var cfg stage.LoadConfig
	if err := json.Unmarshal(measured(t, p).Config, &cfg); err != nil {
		t.Fatal(err)
	}
	if n := len(cfg.Workload.ISL.Values); n > 0 {
		t.Errorf("the configuration holds %d values", n)
	}
	osl, err := p.Library.Lengths.Resolve(cfg.Workload.OSL)
	if diff := cmp.Diff([]int32{10, 30}, osl.Values); diff != "" || err != nil || osl.Mean() != 20 {
		t.Errorf("%v, mean %d (-want +got):\n%s", err, osl.Mean(), diff)
	}
}

// A cell whose requests its server would refuse is refused before anything is created. What counts is what
// will be drawn.
func TestContext(t *testing.T) {
	files := map[string]string{"a.jsonl": "{\"isl\": 4000, \"osl\": 90}\n{\"isl\": 90, \"osl\": 4000}\n"}
	for name, tc := range map[string]struct{ isl, osl, want string }{
		"fits":            {"4000", "96", ""},
		"too long":        {"4000", "97", "With isl = 4000 and osl = 97, workload \"w\" has requests of up to 4097 tokens, input and output together, but the server takes 4096. "},
		"seldom too long": {"{ uniform = [1, 10000] }", "1", "With isl = uniform(1, 10000) and osl = 1, "},
		"hardly ever":     {"{ normal = [1024, 100] }", "1024", ""},
		"cut off":         {"{ lognormal = [1024, 9999], max = 3000 }", "{ lognormal = [9, 9], max = 1000 }", ""},
		"lines together":  {`{ dataset = "a.jsonl" }`, `{ dataset = "a.jsonl" }`, ""},
		"unbounded":       {"{ normal = [4000, 9] }", "1000", "With isl = normal(4000, 9) and osl = 1000, "},
		"without an end":  {"1000", "{ normal = [4000, 9] }", "With isl = 1000 and osl = normal(4000, 9), "},
		"lines apart":     {`{ dataset = "a.jsonl" }`, "900", "With isl = dataset(a.jsonl, isl) and osl = 900, workload \"w\" has requests of up to 4900 tokens, "},
	} {
		t.Run(name, func(t *testing.T) {
			p, diags := build(t, tc.isl, tc.osl, files, 4096)
			switch {
			case tc.want == "":
				if p == nil || len(diags) > 0 {
					t.Errorf("diagnostics %v, want none", diags)
				}
			case len(diags) != 1 || diags[0].Summary != "Requests too long" || !strings.HasPrefix(diags[0].Detail, tc.want) || lineOf(diags[0]) != 11:
				t.Errorf("diagnostics %v, want one at line 11: %s", diags, tc.want)
			}
		})
	}
}

// The content of a model's tokenizer.json is part of the keys of its cells, since prompts can rest on it;
// where the file is, is not. A step finds it by what its configuration holds.
func TestKeysOfTokenizers(t *testing.T) {
	dir := t.TempDir()
	const bytes = `{"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}`
	for name, text := range map[string]string{"a.json": bytes, "b.json": bytes, "other.json": strings.Replace(bytes, `["a b"]`, `[]`, 1)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	planned := func(tokenizer string) (*plan.Plan, plan.Step) {
		text := strings.NewReplacer("ISL", "isl = 64", "OSL", "osl = 8", `"org/m"`, "\"org/m\"\n"+tokenizer).Replace(lengthy)
		path := filepath.Join(dir, "s.hcl")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		p, diags, err := plan.Build(plan.Config{Suite: load(t, path), Kinds: kinds()})
		if err != nil || diags.HasErrors() {
			t.Fatal(err, diags)
		}
		return p, measured(t, p)
	}
	_, none := planned("")
	p, a := planned(`tokenizer = "a.json"`)
	_, b := planned(`tokenizer = "b.json"`)
	_, other := planned(`tokenizer = "other.json"`)
	if a.Key != b.Key {
		t.Errorf("the same content in another file has another key:\n%s", cmp.Diff(a.Recipe, b.Recipe))
	}
	if a.Key == none.Key || a.Key == other.Key {
		t.Errorf("the key is the same with another tokenizer: %v", a.Recipe)
	}
	var cfg stage.LoadConfig
	if err := json.Unmarshal(a.Config, &cfg); err != nil {
		t.Fatal(err)
	}
	own, ok := p.Library.Tokenizers[cfg.Workload.Tokenizer]
	if !ok || own.Count("ab") != 1 {
		t.Errorf("the step's tokenizer %q is not at hand, or another one", cfg.Workload.Tokenizer)
	}
}

// A request of exactly as many tokens as the server takes is none too long: the columns of a dataset go
// together.
func TestContextIsTheMostThatARequestMayHave(t *testing.T) {
	files := map[string]string{"a.jsonl": "{\"isl\": 4000, \"osl\": 90}\n{\"isl\": 90, \"osl\": 4000}\n"}
	for context, refused := range map[int]bool{4090: false, 4089: true} {
		_, diags := build(t, `{ dataset = "a.jsonl" }`, `{ dataset = "a.jsonl" }`, files, context)
		if diags.HasErrors() != refused {
			t.Errorf("requests of 4090 tokens where the server takes %d: %v", context, diags)
		}
	}
}
