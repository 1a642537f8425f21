package plan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// buildCold makes a plan of a suite whose workload is cold or not, and whose second benchmark, on the same deployment, is too.
func buildCold(t *testing.T, first, second string) (*plan.Plan, string) {
	t.Helper()
	text := strings.Replace(twoDeployments, "osl = 50\n}", "osl = 50\n"+first+"\n}", 1)
	text += "workload \"other\" {\n  isl = 100\n  osl = 70\n" + second + "\n}\n" + `
benchmark "c" {
  model    = model.m
  provider = provider.fake.f
  workload = workload.other
  gpu_type = "H100"
  gpus     = 2
  users    = 8
}
`
	path := filepath.Join(t.TempDir(), "suite.hcl")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, diags, err := plan.Build(plan.Config{Suite: load(t, path), Kinds: kinds()})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diags {
		return p, d.Summary + ": " + d.Detail
	}
	return p, ""
}

// A suite without a warm-up has a step that sends nothing, and loads that are other recipes than warm ones.
func TestCold(t *testing.T) {
	for _, c := range []struct {
		warmup   string
		requests int
	}{{"", 8}, {"warmup = 3", 8}, {"warmup = 30", 30}, {"warmup = 0", 0}} {
		p, problem := buildCold(t, c.warmup, c.warmup)
		if problem != "" {
			t.Fatal(problem)
		}
		for _, step := range p.Steps {
			switch step.Address.Kind {
			case plan.Warmup:
				var cfg stage.WarmupConfig
				if err := json.Unmarshal(step.Config, &cfg); err != nil || cfg.Requests != c.requests || cfg.Users != 8 {
					t.Errorf("%s: %d requests for %d users, %v; want %d for 8", c.warmup, cfg.Requests, cfg.Users, err, c.requests)
				}
			case plan.Load:
				keyed := strings.Contains(fmt.Sprint(step.Recipe), "cold")
				if keyed != (c.requests == 0) {
					t.Errorf("%s: %s has the recipe\n%s", c.warmup, step.Address, step.Recipe)
				}
			}
		}
	}
}

// A deployment warms up until it has settled where any of its cells asks for that, and its loads are the same as after any warm-up.
func TestSettle(t *testing.T) {
	warm, _ := buildCold(t, "", "")
	settled, problem := buildCold(t, "", `warmup = "settle"`)
	if problem != "" {
		t.Fatal(problem)
	}
	for i, step := range settled.Steps {
		switch step.Address.Kind {
		case plan.Warmup:
			var cfg stage.WarmupConfig
			if err := json.Unmarshal(step.Config, &cfg); err != nil || cfg.Requests != 8 || cfg.Settle != strings.Contains(step.Address.String(), "2gpu") {
				t.Errorf("%s: %+v, %v", step.Address, cfg, err)
			}
			if longer := step.Expected > warm.Steps[i].Expected; longer != cfg.Settle {
				t.Errorf("%s is expected to take %v, without settling %v", step.Address, step.Expected, warm.Steps[i].Expected)
			}
		case plan.Load:
			if step.Key != warm.Steps[i].Key {
				t.Errorf("%s has another key", step.Address)
			}
		}
	}
}

func TestColdAndWarmOnOneDeployment(t *testing.T) {
	const want = `Warm-up of some cells only: Workload "w" has warmup = 0, but workload "other" warms up the deployments that both are measured on. ` +
		`Give both a warm-up or neither, or measure them by providers of their own.`
	if _, got := buildCold(t, "warmup = 0", ""); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if _, got := buildCold(t, "", "warmup = 0"); got != strings.Replace(strings.Replace(strings.Replace(want, `"w"`, `"x"`, 1), `"other"`, `"w"`, 1), `"x"`, `"other"`, 1) {
		t.Errorf("the other way round: %s", got)
	}
}
