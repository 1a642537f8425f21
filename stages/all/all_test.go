package all_test

import (
	"encoding/json"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/all"
)

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
			got := all.New(all.Config{}).Check(test.provider, test.d, json.RawMessage(`{}`))
			switch {
			case test.where == "" && len(got) > 0:
				t.Errorf("problems: %+v", got)
			case test.where != "" && (len(got) != 1 || got[0].Where != test.where):
				t.Errorf("problems: %+v, want one in %s", got, test.where)
			}
		})
	}
}
