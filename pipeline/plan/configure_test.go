package plan_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// parted are arguments of which one bears on results and two do not.
var parted = block.Body{Args: []block.Arg{
	{Name: "zone", Type: cty.String},
	{Name: "note", Type: cty.String, Provenance: true},
	{Name: "other", Type: cty.String, Provenance: true},
}}

// What of a block bears on results is in the configurations that keys are made from. The rest stands apart,
// as far as it is given. What has no such arguments says nothing of them.
func TestArgumentsAreKeptApart(t *testing.T) {
	build := func(arguments string) (deploy stage.DeployConfig, load stage.LoadConfig, power stage.PowerConfig) {
		text := strings.Replace(alike, `provider "fake" "p" {}`, `provider "fake" "p" {`+arguments+"}", 1)
		if arguments != "" {
			text += "stage \"load\" {" + arguments + "}\nstage \"fetch-power\" {" + arguments + "}\n"
		}
		path := filepath.Join(t.TempDir(), "s.hcl")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		stages := map[string]block.Body{}
		for name := range kinds() {
			stages[name] = block.Body{}
		}
		stages[plan.Load], stages[plan.FetchPower] = parted, parted
		options := suite.Options{Providers: map[string]block.Body{"fake": parted}, Stages: stages}
		s, _, diags := suite.Load(path, options)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		var asked json.RawMessage
		ask := func(d stage.Planned) []stage.Problem {
			if asked == nil {
				asked = d.Provenance
			}
			return nil
		}
		p, diags, err := plan.Build(plan.Config{Suite: s, Kinds: kinds(), Providers: providers{check: ask}})
		if err != nil || diags.HasErrors() {
			t.Fatal(err, diags)
		}
		for i, into := range []any{&deploy, nil, &load, &power} {
			if into != nil {
				if err := json.Unmarshal(p.Steps[i].Config, into); err != nil {
					t.Fatal(err)
				}
			}
		}
		if string(asked) != string(deploy.Provenance) {
			t.Errorf("the provider is asked about %s and started with %s", asked, deploy.Provenance)
		}
		return deploy, load, power
	}
	said := func(keyed string, apart json.RawMessage, load stage.LoadConfig, power stage.PowerConfig) []string {
		return []string{
			keyed, string(apart), string(load.Options), string(power.Options), string(power.Unkeyed.Options),
		}
	}

	deploy, load, power := build("\n  zone = \"a\"\n  note = \"n\"\n")
	got := said(string(deploy.Deployment.Provider.Config), deploy.Provenance, load, power)
	want := []string{`{"zone":"a"}`, `{"note":"n"}`, `{"zone":"a"}`, `{"zone":"a"}`, `{"note":"n"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	deploy, load, power = build("\n  zone = \"a\"\n")
	got = said(string(deploy.Deployment.Provider.Config), deploy.Provenance, load, power)
	want = []string{`{"zone":"a"}`, ``, `{"zone":"a"}`, `{"zone":"a"}`, ``}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("nothing apart (-want +got):\n%s", diff)
	}
}

// In a conversation the last prompt is the longest: it holds all that was said before.
func TestConversationsWarmUp(t *testing.T) {
	const talk = "workload \"talk\" {\n  isl = 40\n  osl = 16\n  turns = 3\n  shared_prefix = 5\n}\n"
	const talking = "benchmark \"talking\" {\n  model = model.m\n  provider = provider.fake.p\n" +
		"  workload = workload.talk\n  gpu_type = \"H100\"\n  users = 2\n}\n"
	// The last prompt of the talk has 5 + 3·40 + 2·16 tokens. Of requests as long the first stay.
	for isl, longest := range map[string]int{"156": 40, "157": 157, "158": 158} {
		text := talk + talking + strings.Split(alike, `benchmark "third"`)[0]
		if longest == 157 { // the talk comes second
			text = talk + strings.Split(alike, `benchmark "third"`)[0] + talking
		}
		p, diags := buildText(t, strings.Replace(text, "isl = 64", "isl = "+isl, 1), plan.Config{})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		var cfg stage.WarmupConfig
		if err := json.Unmarshal(p.Steps[1].Config, &cfg); err != nil {
			t.Fatal(err)
		}
		if got := cfg.Workload.ISL.Mean(); got != longest {
			t.Errorf("beside requests of %s tokens, the warm-up sends %d", isl, got)
		}
	}
}

// The longest requests of a deployment's cells warm it up; of cells with requests as long, those of most
// users. As many are sent as the most that a cell asks for, and as the most users.
func TestWarmup(t *testing.T) {
	text := strings.Replace(alike, "trials   = 1\n  matrix { users = [4, 16] }",
		"trials   = 1\n  matrix {\n    users = [4, 16, 8]\n    osl = [16, 32, 24]\n  }", 1)
	p, diags := buildText(t, text, plan.Config{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var cfg stage.WarmupConfig
	if err := json.Unmarshal(p.Steps[1].Config, &cfg); err != nil {
		t.Fatal(err)
	}
	if cfg.Users != 16 || cfg.Requests != 16 || cfg.Workload.OSL.Mean() != 32 || cfg.Workload.Requests != 8*16 {
		t.Errorf("%+v", cfg)
	}
}
