package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// A provider is asked about secret variables by their names, beside the plain ones or alone. The plan keeps
// their values apart.
func TestProvidersSeeTheNamesOfSecrets(t *testing.T) {
	const secret = "variable \"token\" {\n  type = string\n  default = \"hidden\"\n  sensitive = true\n}\n"
	for env, want := range map[string]map[string]string{
		`{ A = "1", TOKEN = var.token }`: {"A": "1", "TOKEN": "(sensitive)"},
		`{ TOKEN = var.token }`:          {"TOKEN": "(sensitive)"},
		`{ A = "1" }`:                    {"A": "1"},
	} {
		text := secret + "engine \"e\" {\n  kind = \"vllm\"\n  env = " + env + "\n}\n" +
			strings.Replace(twoDeployments, "workload = workload.w", "workload = workload.w\n  engine = engine.e", 1)
		asked := 0
		check := func(d stage.Planned) []stage.Problem {
			asked++
			if diff := cmp.Diff(want, d.Engine.Env); diff != "" || len(d.Demands) != 4 {
				t.Errorf("%s: asked with %d demands about (-want +got):\n%s", env, len(d.Demands), diff)
			}
			return nil
		}
		p, diags := buildText(t, text, plan.Config{Providers: providers{check: check}})
		if diags.HasErrors() || asked != 2 {
			t.Fatal(diags, asked)
		}
		kept := p.Secrets["engine.e.env.TOKEN"]
		if has := kept.Sensitive() && kept.Reveal() == "hidden"; has != strings.Contains(env, "TOKEN") {
			t.Errorf("%s: the plan has the secrets %v", env, p.Secrets)
		}
	}
}

// A plan has the quota of each provider that has one, and of no other.
func TestQuotas(t *testing.T) {
	const quota = `provider "fake" "q" { quota = { H100 = 3, H200 = 1 } }`
	text := strings.Replace(alike, `provider "fake" "q" {}`, quota, 1)
	p, diags := buildText(t, text, plan.Config{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if diff := cmp.Diff(map[string]plan.GPUs{"fake.q": {"H100": 3, "H200": 1}}, p.Quota); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A plan has the content of every file that a configuration names by its digest.
func TestLibrary(t *testing.T) {
	const turns = "8\n  turns = { dataset = \"a.jsonl\", field = \"osl\" }"
	p := planOf(t, "64", turns, map[string]string{"a.jsonl": lines})
	if len(p.Library.Lengths) != 1 {
		t.Errorf("it has %d columns of lengths", len(p.Library.Lengths))
	}
	p, diags := buildTexts(t, `dataset = "p.jsonl"`, true, 0)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if len(p.Library.Texts) != 1 || len(p.Library.Tokenizers) != 1 {
		t.Errorf("it has %d texts and %d tokenizers", len(p.Library.Texts), len(p.Library.Tokenizers))
	}
	p, _, err := plan.Build(plan.Config{Suite: load(t, "testdata/traces.hcl"), Kinds: kinds()})
	if err != nil || len(p.Library.Traces) != 1 {
		t.Errorf("it has %d traces, %v", len(p.Library.Traces), err)
	}
}
