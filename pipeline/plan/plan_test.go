package plan_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

var update = flag.Bool("update", false, "write the golden files anew")

// kind is all that a plan knows of a stage.
type kind struct {
	name    string
	class   stage.Class
	timeout time.Duration
}

func (k kind) Name() string       { return k.name }
func (k kind) Class() stage.Class { return k.class }
func (k kind) Revision() int      { return 1 }

func (k kind) Timeout() time.Duration { return k.timeout }

func kinds() map[string]stage.Kind {
	all := map[string]stage.Kind{}
	for name, class := range map[string]stage.Class{
		plan.Deploy: stage.Resource, plan.Teardown: stage.Resource, plan.Warmup: stage.Effect,
		plan.Load: stage.Measure, plan.FetchPower: stage.Measure, plan.Aggregate: stage.Pure, plan.Plot: stage.Pure,
	} {
		all[name] = kind{name, class, time.Hour}
	}
	return all
}

func load(t testing.TB, path string) *suite.Suite {
	t.Helper()
	stages := map[string]block.Body{}
	for name := range kinds() {
		stages[name] = block.Body{}
	}
	s, _, diags := suite.Load(path, suite.Options{Providers: map[string]block.Body{"fake": {}}, Stages: stages, MaxCells: 20_000})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return s
}

// TestFixtures holds the plan of each suite in testdata to the listing beside it: actions, edges, claims, and one configuration of each kind.
func TestFixtures(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.hcl")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			p, diags, err := plan.Build(plan.Config{Suite: load(t, path), Kinds: kinds()})
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(path, ".hcl") + ".golden"
			got := describe(p, diags)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s differs (-update writes it anew):\n%s", golden, diff)
			}
		})
	}
}

func describe(p *plan.Plan, diags hcl.Diagnostics) string {
	var out strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&out, "%s: %s (line %d)\n", d.Summary, d.Detail, lineOf(d))
	}
	if p == nil {
		return out.String()
	}
	shown := map[string]bool{}
	for _, step := range p.Steps {
		fmt.Fprintf(&out, "%s %s — %s\n", step.Action, step.Address, step.Reason)
		for _, e := range step.Needs {
			fmt.Fprintf(&out, "  needs %s\n", e)
		}
		for _, e := range step.Uses {
			fmt.Fprintf(&out, "  uses %s\n", e)
		}
		for _, e := range step.After {
			fmt.Fprintf(&out, "  after %s\n", e)
		}
		if step.GPUs != nil {
			fmt.Fprintf(&out, "  holds %d × %s of %s\n", step.GPUs.Count, step.GPUs.GPUType, step.GPUs.Provider)
		}
		if !shown[step.Address.Kind] {
			shown[step.Address.Kind] = true
			fmt.Fprintf(&out, "  config %s\n", step.Config)
		}
	}
	return out.String()
}

func lineOf(d *hcl.Diagnostic) int {
	if d.Subject == nil {
		return 0
	}
	return d.Subject.Start.Line
}

// Where the number of requests ends a load, the grace bears on nothing, so it is in no recipe.
func TestGraceIsKeyedWithADurationAlone(t *testing.T) {
	recipe := func(end string) string {
		text, err := os.ReadFile("testdata/duration.hcl")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "s.hcl")
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), `duration = "1m"`, end, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		p, diags, err := plan.Build(plan.Config{Suite: load(t, path), Kinds: kinds()})
		if err != nil || diags.HasErrors() {
			t.Fatal(err, diags)
		}
		var lines []string
		for _, step := range p.Steps {
			if step.Address.Kind == plan.Load {
				lines = append(lines, step.Recipe...)
			}
		}
		return strings.Join(lines, "\n")
	}
	if got := recipe(`duration = "1m"`); !strings.Contains(got, `workload.grace = "45s"`) {
		t.Errorf("with a duration:\n%s", got)
	}
	if got := recipe(`requests = 64`); strings.Contains(got, "grace") {
		t.Errorf("with a number of requests:\n%s", got)
	}
}

func TestTargets(t *testing.T) {
	s := load(t, "testdata/engines.hcl")
	for _, tc := range []struct {
		target string
		cells  int
		detail string
	}{
		{"load", 6, ""},
		{"fetch-power.short", 2, ""},
		{"load.*[**/32u/**]", 3, ""},
		{"aggregate", 6, ""},
		{"load.nothing", 0, "No cell of the suite matches -target load.nothing. inferencex plan lists the addresses of all cells."},
	} {
		selector, err := addr.ParseSelector(tc.target)
		if err != nil {
			t.Fatal(err)
		}
		p, diags, err := plan.Build(plan.Config{Suite: s, Kinds: kinds(), Targets: []addr.Selector{selector}})
		if err != nil {
			t.Fatal(err)
		}
		if tc.detail != "" {
			if len(diags) != 1 || diags[0].Detail != tc.detail {
				t.Errorf("-target %s: %v", tc.target, diags)
			}
			continue
		}
		if p == nil || p.Cells() != tc.cells {
			t.Errorf("-target %s: want %d cells, got %v %v", tc.target, tc.cells, p, diags)
		}
	}
}

func selectors(t *testing.T, texts ...string) []addr.Selector {
	t.Helper()
	var all []addr.Selector
	for _, text := range texts {
		selector, err := addr.ParseSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, selector)
	}
	return all
}

// A selector that picks nothing is misspelt: what it was to spare would be measured.
func TestUnmatchedSelectors(t *testing.T) {
	s := load(t, "testdata/engines.hcl")
	for name, tc := range map[string]struct {
		cfg    plan.Config
		detail string
	}{
		"-target load.nothing":  {plan.Config{Targets: selectors(t, "load.short", "load.nothing")}, "Nothing that is planned matches -target load.nothing."},
		"-exclude load.nothing": {plan.Config{Exclude: selectors(t, "load.nothing")}, "Nothing that is planned matches -exclude load.nothing."},
		"-replace load.nothing": {plan.Config{Replace: selectors(t, "load", "load.nothing")}, "Nothing that is planned matches -replace load.nothing."},
		"all pick something": {plan.Config{
			Targets: selectors(t, "load", "plot"), Exclude: selectors(t, "load.short"), Replace: selectors(t, "plot"),
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tc.cfg.Suite, tc.cfg.Kinds = s, kinds()
			_, diags, err := plan.Build(tc.cfg)
			switch {
			case err != nil:
				t.Fatal(err)
			case tc.detail == "" && diags.HasErrors():
				t.Error(diags)
			case tc.detail != "" && (len(diags) != 1 || !strings.HasPrefix(diags[0].Detail, tc.detail)):
				t.Errorf("%v, want %s", diags, tc.detail)
			}
		})
	}
}

func TestSecretsStayOutOfThePlan(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s.hcl")
	text, err := os.ReadFile("testdata/engines.hcl")
	if err != nil {
		t.Fatal(err)
	}
	secret := "hf_" + "verysecret"
	text = append(text, []byte("\nvariable \"token\" {\n  type      = string\n  default   = \""+secret+"\"\n  sensitive = true\n}\n")...)
	text = []byte(strings.Replace(string(text), `engine "vllm" {`, "engine \"vllm\" {\n  env = { HF_TOKEN = var.token, MODE = \"fast\" }", 1))
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	p, diags, err := plan.Build(plan.Config{Suite: load(t, path), Kinds: kinds()})
	if err != nil || diags.HasErrors() {
		t.Fatal(err, diags)
	}
	printed := describe(p, nil) + fmt.Sprintf("%+v %v %#v", p, p.Secrets, p.Secrets)
	for _, step := range p.Steps {
		printed += string(step.Config) + strings.Join(step.Recipe, "\n")
	}
	if strings.Contains(printed, secret) {
		t.Error("the secret is in what the plan prints")
	}
	if got := p.Secrets["engine.vllm.env.HF_TOKEN"]; !got.Sensitive() || got.Reveal() != secret {
		t.Errorf("the stage cannot get at it: %v", p.Secrets)
	}
	if !strings.Contains(printed, `"secret_env":{"HF_TOKEN":"engine.vllm.env.HF_TOKEN"}`) || !strings.Contains(printed, `"env":{"MODE":"fast"}`) {
		t.Error("the deploy step does not say where its environment comes from")
	}
}
