package deploy_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
)

// picky is a provider that says which arguments and variables it was asked about.
type picky struct{ slow }

func (*picky) Check(args cty.Value, d stage.Deployment) []stage.Problem {
	var problems []stage.Problem
	for name, value := range d.Engine.Env {
		problems = append(problems, stage.Problem{Where: stage.InEngine, Summary: "Refused", Detail: "No " + name + " = " + value + "."})
	}
	return append(problems, stage.Problem{
		Where: stage.InProvider, Summary: "Refused", Detail: "zone " + block.String(args, "zone") + ", note " + block.String(args, "note") + ".",
	})
}

func TestCheckSeesAllArguments(t *testing.T) {
	tests := map[string]struct {
		provider   deploy.Provider
		ask        string
		provenance string
		want       []stage.Problem
	}{
		"a provider that checks":    {&picky{}, "slow", `{"note":"n"}`, []stage.Problem{{Where: "provider", Summary: "Refused", Detail: "zone b, note n."}}},
		"a provider that does not":  {&slow{}, "slow", "", nil},
		"a provider that is no one": {&slow{}, "fast", "", []stage.Problem{{Where: "provider", Summary: "Unknown provider", Detail: `There is no provider "fast"; there are slow.`}}},
		"arguments of another": {&slow{}, "slow", `{"nota":"n"}`, []stage.Problem{{
			Where: "provider", Summary: "Unreadable arguments", Detail: `Provider slow: read the provider's arguments: unsupported attribute "nota".`,
		}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := stage.Deployment{Provider: stage.Provider{Type: test.ask, Config: json.RawMessage(`{"zone":"b"}`)}}
			got := deploy.New(test.provider).Check(stage.Planned{Deployment: d, Provenance: json.RawMessage(test.provenance)})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What Check refuses is not even written down, let alone created; a secret counts as a variable and shows nothing of itself.
func TestRefusedDeploymentIsNotBegun(t *testing.T) {
	ledger := &deploytest.Ledger{}
	task := stage.Task{Config: config(t, func(c *stage.DeployConfig) { c.SecretEnv = map[string]string{"TOKEN": "engine.e.env.TOKEN"} })}
	_, err := deploy.New(&picky{}).Acquire(t.Context(), deploytest.Env(nil), task, ledger)
	const want = "deploy m on slow (1 × H100): engine: No TOKEN = (sensitive).\nprovider: zone a, note ."
	if err == nil || err.Error() != want || stage.ReasonOf(err) != "bad_config" {
		t.Errorf("acquire = %v (%s), want %q", err, stage.ReasonOf(err), want)
	}
	if got := ledger.Records(); len(got) > 0 {
		t.Errorf("the ledger has %+v", got)
	}
}
