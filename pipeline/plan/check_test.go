package plan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// buildText plans a suite, with the files of textual beside it.
func buildText(t *testing.T, text string, cfg plan.Config) (*plan.Plan, hcl.Diagnostics) {
	t.Helper()
	dir := t.TempDir()
	files := textual()
	files["s.hcl"] = text
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cfg.Suite, cfg.Kinds = load(t, filepath.Join(dir, "s.hcl")), kinds()
	p, diags, err := plan.Build(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p, diags
}

// wrong is a suite of which every pass finds something.
const wrong = `suite "s" {}
model "m" {
  repo      = "org/m"
  revision  = "0123456789012345678901234567890123456789"
  tokenizer = "letters.json"
}
engine "e" { kind = "vllm" }
provider "fake" "p" { quota = { H100 = 2 } }
provider "fake" "q" {}
workload "short" {
  isl = 8
  osl = 8
}
workload "cold" {
  isl    = 8
  osl    = 8
  warmup = 0
}
workload "long" {
  isl = 90
  osl = 90
}
workload "none" {
  dataset = "p.jsonl"
  keep    = { min_isl = 999 }
}
benchmark "a" {
  model    = model.m
  engine   = engine.e
  provider = provider.fake.p
  gpu_type = "H100"
  users    = 4
  matrix {
    gpus     = [2, 4]
    workload = [workload.short, workload.long, workload.cold]
  }
}
benchmark "b" {
  model    = model.m
  provider = provider.fake.q
  gpu_type = "H200"
  users    = 4
  matrix {
    workload = [workload.none, workload.short]
  }
}
benchmark "c" {
  model    = model.m
  provider = provider.fake.q
  workload = workload.short
  users    = 4
  matrix { gpu_type = ["B200", "b200"] }
}
`

// All mistakes are told, in the order of the suite's cells and, of one cell, in that of the passes; each once
// and where it can be mended.
func TestMistakesAreToldInOrder(t *testing.T) {
	check := func(d stage.Planned) []stage.Problem {
		if d.GPUType != "H100" {
			return []stage.Problem{{Where: stage.InEngine, Summary: "No engine", Detail: "100% wrong"}}
		}
		return []stage.Problem{
			{Where: stage.InProvider, Summary: "Provider", Detail: "."},
			{Where: stage.InModel, Summary: "Model", Detail: ".."},
			{Where: stage.InEngine, Summary: "Engine", Detail: "..."},
			{Where: stage.InGPUs, Summary: "GPUs", Detail: fmt.Sprintf("%d", d.GPUs)},
		}
	}
	p, diags := buildText(t, wrong, plan.Config{Providers: providers{context: 100, check: check}})
	if p != nil {
		t.Error("there is a plan")
	}
	var got []string
	for _, d := range diags {
		got = append(got, fmt.Sprintf("%d: %s", lineOf(d), d.Summary))
	}
	want := []string{
		"8: Provider", "2: Model", "7: Engine", "33: GPUs", // the first deployment of benchmark a
		"33: Requests too long", "14: Warm-up of some cells only",
		"33: Quota too small", "33: GPUs", // the second one; the rest of it has been told
		"23: No prompt to send", "43: No engine", // benchmark b, which names no engine
		"52: Two cells of one name",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if last := diags[len(diags)-2]; last.Detail != "100% wrong" {
		t.Errorf("a provider's words have become %q", last.Detail)
	}
}

// A plan says that it is simulated, and so does each cell, where a provider simulates by design.
func TestSimulatedByDesign(t *testing.T) {
	for _, simulated := range []bool{false, true} {
		p, diags := buildText(t, twoDeployments, plan.Config{Providers: providers{simulated: simulated}})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if p.Simulated != simulated || cellConfig(t, p).SimulatedByDesign != simulated {
			t.Errorf("the plan says %v, its cell %v", p.Simulated, cellConfig(t, p).SimulatedByDesign)
		}
	}
}
