package all_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/all"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

// A plan asks the deploy stage about providers, which may not import the plan: so it is said here.
var _ plan.Providers = (*deploy.Kind)(nil)

// A suite's mistakes are found without a run: these ones, by the providers themselves.
func TestCheck(t *testing.T) {
	good := stage.Deployment{Model: stage.Model{Repo: "Qwen/Qwen3-8B-FP8"}, GPUType: "H100", GPUs: 1}
	noGPU, noModel := good, good
	noGPU.GPUType, noModel.Model.Repo = "H1000", "org/m"
	tests := map[string]struct {
		provider string
		d        stage.Deployment
		where    string
	}{
		"no server":   {"process", good, stage.InEngine},
		"no such GPU": {"simulator", noGPU, stage.InGPUType},
		"no model":    {"simulator", noModel, stage.InModel},
		"fine":        {"simulator", good, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.d.Provider.Type = test.provider
			got := all.New(all.Config{}).Deploy().Check(stage.Planned{Deployment: test.d, Provenance: json.RawMessage(`{}`)})
			switch {
			case test.where == "" && len(got) > 0:
				t.Errorf("problems: %+v", got)
			case test.where != "" && (len(got) != 1 || got[0].Where != test.where):
				t.Errorf("problems: %+v, want one in %s", got, test.where)
			}
		})
	}
}

// A kind without a timeout could hang for ever, so each states one. No plan is made with a kind that does not.
func TestKindsStateTimeouts(t *testing.T) {
	kinds := all.New(all.Config{}).Kinds()
	if len(kinds) != 7 {
		t.Errorf("there are %d kinds", len(kinds))
	}
	for name, kind := range kinds {
		if got := kind.Timeout(); got < time.Minute || got > 3*time.Hour {
			t.Errorf("%s: one attempt may take %s", name, got)
		}
	}
}

// What a plan is told of the providers: who simulates, whose servers cost nothing.
func TestProviders(t *testing.T) {
	var providers plan.Providers = all.New(all.Config{}).Deploy()
	for name, want := range map[string]struct{ simulated, free bool }{
		"simulator": {true, true}, "endpoint": {false, true}, "process": {false, false}, "no such": {false, false},
	} {
		if got := providers.SimulatedByDesign(name); got != want.simulated {
			t.Errorf("%s: simulated by design: %v", name, got)
		}
		if got := providers.Billing(name); got.Free != want.free || (name == "process") != (got.Startup > 0) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
