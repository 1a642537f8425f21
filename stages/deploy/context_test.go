package deploy_test

import (
	"encoding/json"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/stages/deploy"
)

// roomy is a provider that knows the context of its servers.
type roomy struct{ slow }

func (*roomy) Context(args cty.Value, d stage.Deployment) int {
	return 1000*d.GPUs + len(block.String(args, "zone"))
}

func TestContext(t *testing.T) {
	engine := func(kind string, args ...string) stage.Deployment {
		return stage.Deployment{GPUs: 2, Engine: stage.Engine{Kind: kind, Args: args}, Provider: stage.Provider{Type: "slow", Config: json.RawMessage(`{"zone":"abc"}`)}}
	}
	for name, test := range map[string]struct {
		provider deploy.Provider
		d        stage.Deployment
		want     int
	}{
		"a provider that knows":   {&roomy{}, engine("vllm", "--max-model-len", "4096"), 2003},
		"vllm":                    {&slow{}, engine("vllm", "--max-num-seqs=8", "--max-model-len", "4096"), 4096},
		"joined, with underlines": {&slow{}, engine("vllm", "--max_model_len=8192"), 8192},
		"the last counts":         {&slow{}, engine("vllm", "--max-model-len", "1", "--max-model-len", "2"), 2},
		"sglang":                  {&slow{}, engine("sglang", "--context-length", "32768"), 32768},
		"another engine's":        {&slow{}, engine("sglang", "--max-model-len", "32768"), 0},
		"its own way to write it": {&slow{}, engine("vllm", "--max-model-len", "8k"), 0},
		"cut short":               {&slow{}, engine("vllm", "--max-model-len"), 0},
		"none":                    {&slow{}, engine(""), 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := deploy.New(test.provider).Context(stage.Planned{Deployment: test.d}); got != test.want {
				t.Errorf("%d, want %d", got, test.want)
			}
		})
	}
	other := stage.Planned{Deployment: engine("")}
	other.Provider.Type = "fast"
	if got := deploy.New(&roomy{}).Context(other); got != 0 {
		t.Errorf("of no provider: %d", got)
	}
}
