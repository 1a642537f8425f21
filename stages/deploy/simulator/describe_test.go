package simulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/block/blocktest"
	"github.com/strangeloopio/inferencex/stages/deploy/simulator"
	server "github.com/strangeloopio/inferencex/stages/simulator"
)

// small is a model of the size of Llama-3.2-3B, whose head is its input embedding; narrow is a board like an H20.
const (
	small = `architecture = { parameters = 3212749824, layers = 28, hidden = 3072, heads = 24, kv_heads = 8, head_dim = 128, weight_bytes = 2,
		vocabulary = 128256, context = 131072, tied_embeddings = true }
`
	narrow = `board = { memory_bytes = 103e9, bandwidth = 4e12, bf16_flops = 148e12, fp8_flops = 296e12, tdp_watts = 400, sm_clock_hz = 1.98e9 }
`
)

func TestCheckDescriptions(t *testing.T) {
	tests := map[string]struct {
		model, gpuType, hcl string
		where, want         string // of the only problem; empty: none
	}{
		"both":              {"org/m", "H20", small + narrow, "", ""},
		"a known model":     {"Qwen/Qwen3-8B", "H100", small, "provider", "The simulator's catalogue has Qwen3-8B: take architecture out, or give the model a name of its own."},
		"two models":        {"org/m", "H100", small + `model = "Qwen3-8B"`, "provider", `Architecture says what "org/m" is, and model says what else to behave as: take one of the two out.`},
		"a known GPU":       {"Qwen/Qwen3-8B", "h100-sxm", narrow, "provider", "The simulator's catalogue has H100: take board out, or give the GPU type a name of its own."},
		"in billions":       {"org/m", "H100", strings.Replace(small, "3212749824", "3", 1), "provider", `Model "org/m": 3 parameters are no more than its embeddings and attention, which have 1.099e+09 by its other sizes.`},
		"hot when idle":     {"Qwen/Qwen3-8B", "H20", strings.Replace(narrow, "tdp_watts = 400", "tdp_watts = 40, idle_watts = 60", 1), "provider", `GPU "H20": it idles at 60 W, above its TDP of 40 W.`},
		"experts described": {"org/m", "H100", strings.Replace(small, "3212749824", "46.7e9", 1), "provider", `Model "org/m": 4.67e+10 parameters leave its layers a feed-forward width of 1.767e+05, 58 times the hidden size: a mixture of experts, which is not simulated.`},
		"uneven":            {"org/m", "H100", strings.Replace(small, "kv_heads = 8", "kv_heads = 7", 1), "provider", `Model "org/m": 24 attention heads cannot share 7 heads of keys and values evenly.`},
		"too many GPUs":     {"org/m", "H100", strings.Replace(small, "heads = 24, kv_heads = 8", "heads = 9, kv_heads = 3", 1), "gpus", `Model "org/m": 2 GPUs do not divide its 9 attention heads.`},
		"too small":         {"Qwen/Qwen3-32B", "H20", strings.Replace(narrow, "103e9", "20e9", 1), "gpus", "Qwen3-32B does not fit on 2 x H20: its weights take 65.5 GB and 32.0 GB are usable; use more GPUs or a larger one."},
		"nearly a name":     {"Qwen/Qwen3-8B-FP", "H100", "", "model", `Or behave as another: model = "Qwen3-8B-FP8".`},
		"a model's typo":    {"org/m", "H100", `model = "qwen3-8b-fp"`, "provider", `it knows Llama-3.1-70B, Llama-3.1-8B, Mistral-7B-v0.3, Qwen3-14B, Qwen3-32B, Qwen3-8B, Qwen3-8B-FP8. The nearest name is "Qwen3-8B-FP8".`},
		"experts":           {"Qwen/Qwen3-30B-A3B", "H100", "", "model", "Describe a dense model in the provider's block"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			problems := check(t, stage.Deployment{Model: stage.Model{Repo: test.model}, GPUType: test.gpuType, GPUs: 2}, test.hcl)
			switch {
			case test.where == "" && len(problems) == 0:
			case len(problems) != 1 || problems[0].Where != test.where || !strings.HasSuffix(problems[0].Detail, test.want) && !strings.Contains(problems[0].Detail, test.want+" "):
				t.Errorf("%+v\nwant one in %q: %s", problems, test.where, test.want)
			}
		})
	}
}

// What is wrong with a description by itself is told where it stands, before anything else is looked at.
func TestWrongDescriptions(t *testing.T) {
	tests := map[string]struct{ hcl, want string }{
		"a misspelt figure": {strings.Replace(small, "kv_heads", "kv_head", 1), `"architecture": "kv_head" is no part of it. Did you mean "kv_heads"?`},
		"figures missing":   {`architecture = { layers = 28, heads = 24 }`, `"architecture": it lacks parameters, hidden, kv_heads, head_dim, weight_bytes, vocabulary, context.`},
		"half a layer":      {strings.Replace(small, "28", "28.5", 1), `"architecture": layers: 28.5 is not a whole number.`},
		"nothing":           {strings.Replace(small, "weight_bytes = 2", "weight_bytes = 0", 1), `"architecture": weight_bytes: 0 is not above zero.`},
		"a text":            {strings.Replace(small, "= 28", `= "28"`, 1), `"architecture": layers takes a number, but this is a string.`},
		"a number":          {strings.Replace(small, "true", `1`, 1), `"architecture": tied_embeddings takes a bool, but this is a number.`},
		"a name":            {`architecture = "llama"`, `"architecture": a string describes nothing; write { parameters = 8.19e9, layers = 36,`},
		"a board's figure":  {strings.Replace(narrow, "fp8_flops = 296e12, ", "", 1), `"board": it lacks fp8_flops.`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := blocktest.Parse(simulator.NewProvider().Body(), test.hcl); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v\nwant  %s", err, test.want)
			}
		})
	}
}

// A model and a GPU type that nobody has heard of are served as they are described, and a description is part of what was measured.
func TestDescribedServer(t *testing.T) {
	d := stage.Deployment{Model: stage.Model{Repo: "org/m"}, GPUType: "H20", GPUs: 2}
	live, err := acquire(t, d, small+narrow+`profile = "offline"`, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Get(live.Endpoint().URL + "/simulator/info")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var info server.Info
	if err := json.NewDecoder(answer.Body).Decode(&info); err != nil {
		t.Fatal(err)
	}
	want := []any{"org/m", "H20", "H20", 2, "modelled, ±20 %"}
	if diff := cmp.Diff(want, []any{info.Model, info.GPUType, info.GPUName, info.GPUs, info.PowerModelled}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	body := simulator.NewProvider().Body()
	args, err := blocktest.Parse(body, small)
	if err != nil {
		t.Fatal(err)
	}
	key, err := block.CanonicalJSON(body.Keyed(args))
	if err != nil || !strings.Contains(string(key), `"layers":28`) {
		t.Errorf("key %s, %v: want the description in it", key, err)
	}
}

func TestDescribeInJSON(t *testing.T) {
	cfg := server.Config{Model: "org/m", GPUType: "H20"}
	if err := simulator.DescribeModel(&cfg, `{"parameters":3212749824,"layers":28,"hidden":3072,"heads":24,"kv_heads":8,"head_dim":128,"weight_bytes":2,"vocabulary":128256,"context":131072,"tied_embeddings":true}`); err != nil {
		t.Fatal(err)
	}
	if err := simulator.DescribeGPU(&cfg, `{"memory_bytes":103e9,"bandwidth":4e12,"bf16_flops":148e12,"fp8_flops":296e12,"tdp_watts":400,"sm_clock_hz":1.98e9}`); err != nil {
		t.Fatal(err)
	}
	if s, err := server.New(cfg); err != nil || s.Info().GPUType != "H20" {
		t.Errorf("New = %v", err)
	}
	for text, want := range map[string]string{
		"layers=28":          "architecture: invalid character 'l' looking for beginning of value; write one JSON object",
		`{"layers":28,"a":}`: "architecture: invalid character '}' looking for beginning of value; write one JSON object",
		`{"layer":28}`:       `architecture: "layer" is no part of it. Did you mean "layers"?`,
	} {
		if err := simulator.DescribeModel(&cfg, text); err == nil || err.Error() != want {
			t.Errorf("%s: error %v\nwant %s", text, err, want)
		}
	}
}
