package simulator_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/deploytest"
	"github.com/strangeloopio/inferencex/stages/deploy/simulator"
	server "github.com/strangeloopio/inferencex/stages/simulator"
)

// check is what the deploy stage tells of a deployment under a provider block in HCL.
func check(t *testing.T, d stage.Deployment, hcl string) []stage.Problem {
	t.Helper()
	p := simulator.NewProvider()
	d, _ = deploytest.Under(t, p, hcl, d)
	return deploy.New(p).Check(stage.Planned{Deployment: d})
}

func TestCheck(t *testing.T) {
	const models = "Llama-3.1-70B, Llama-3.1-8B, Mistral-7B-v0.3, Qwen3-14B, Qwen3-32B, Qwen3-8B, Qwen3-8B-FP8"
	noModel := stage.Problem{
		Where: "model", Summary: "Unknown model",
		Detail: `The simulator does not know "org/m"; it knows ` + models + `. Describe a dense model in the provider's block with the figures of its config.json: ` +
			`architecture = { parameters = …, layers = …, hidden = …, heads = …, kv_heads = …, head_dim = …, weight_bytes = …, vocabulary = …, context = … }. Or behave as another: model = "Qwen3-8B".`,
	}
	noGPU := stage.Problem{
		Where: "gpu_type", Summary: "Unknown GPU type",
		Detail: `The simulator has no "H1000"; it has A100-80G, B200, GB200, H100, H200, L4, L40S, MI300X, MI325X, MI355X. The nearest name is "H100". ` +
			`Describe another in the provider's block with the figures of its data sheet: ` +
			`board = { memory_bytes = …, bandwidth = …, bf16_flops = …, fp8_flops = …, tdp_watts = …, sm_clock_hz = … }.`,
	}
	tests := map[string]struct {
		model, gpuType string
		gpus           int
		hcl            string
		want           []stage.Problem
	}{
		"nothing wrong":      {"Qwen/Qwen3-8B-FP8", "H100", 2, "", nil},
		"a model behind one": {"org/m", "H100", 2, `model = "Qwen3-8B"`, nil},
		"unknown model":      {"org/m", "H100", 2, "", []stage.Problem{noModel}},
		"unknown GPU":        {"Qwen/Qwen3-8B-FP8", "H1000", 2, "", []stage.Problem{noGPU}},
		"both":               {"org/m", "H1000", 2, "", []stage.Problem{noModel, noGPU}},
		"unknown model behind one": {"Qwen/Qwen3-8B-FP8", "H100", 2, `model = "m"`, []stage.Problem{{
			Where: "provider", Summary: "Unknown model", Detail: `The simulator does not know "m"; it knows ` + models + ".",
		}}},
		"too small": {"meta-llama/Llama-3.1-70B", "H100", 1, "", []stage.Problem{{
			Where: "gpus", Summary: "Impossible number of GPUs",
			Detail: "Llama-3.1-70B does not fit on 1 x H100: its weights take 141.1 GB and 75.0 GB are usable; use more GPUs or a larger one.",
		}}},
		"no divisor": {"Qwen/Qwen3-8B-FP8", "H100", 3, "", []stage.Problem{{
			Where: "gpus", Summary: "Impossible number of GPUs", Detail: `Model "Qwen3-8B-FP8": 3 GPUs do not divide its 32 attention heads.`,
		}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := stage.Deployment{Model: stage.Model{Repo: test.model}, GPUType: test.gpuType, GPUs: test.gpus}
			if diff := cmp.Diff(test.want, check(t, d, test.hcl)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Every engine that passes behaves as its block says: none is a second label for the same server.
func TestCheckEngine(t *testing.T) {
	const honoured = "--max-num-seqs, --max-num-batched-tokens, --max-model-len, --stream-interval, --gpu-memory-utilization, --num-gpu-blocks-override, --enable-prefix-caching, --no-enable-prefix-caching."
	tests := map[string]struct {
		engine stage.Engine
		want   []string // details
	}{
		"no engine": {stage.Engine{}, nil},
		"itself": {stage.Engine{Kind: "simulator"}, []string{
			`The simulator behaves as vLLM, and an engine of kind simulator would be the same server under a second name. Write kind = "vllm", or leave the engine out.`,
		}},
		"what it honours": {stage.Engine{Kind: "vllm", Args: []string{"--max-num-seqs", "64", "--max_num_batched_tokens=4096", "--max-model-len=8192", "--stream-interval=4", "--enable-prefix-caching"}}, nil},
		"another engine":  {stage.Engine{Kind: "sglang"}, []string{`The simulator behaves as vLLM and cannot stand for "sglang": an engine here is of kind vllm.`}},
		"another flag": {
			stage.Engine{Kind: "vllm", Args: []string{"--quantization", "fp8", "--max-num-seqs=64"}},
			[]string{"--quantization has no effect on the simulator, which honours " + honoured},
		},
		"eager mode": {
			stage.Engine{Kind: "vllm", Args: []string{"--enforce-eager"}},
			[]string{`--enforce-eager belongs to what surrounds the GPUs: the provider's profile = "modal-eager" simulates it.`},
		},
		"no number":     {stage.Engine{Kind: "vllm", Args: []string{"--max-num-seqs"}}, []string{`--max-num-seqs wants a whole number above zero, not "".`}},
		"a word":        {stage.Engine{Kind: "vllm", Args: []string{"fast"}}, []string{`"fast" is no argument: one begins with --.`}},
		"a valued flag": {stage.Engine{Kind: "vllm", Args: []string{"--enable-prefix-caching=true"}}, []string{"--enable-prefix-caching has no effect on the simulator, which honours " + honoured}},
		"too long":      {stage.Engine{Kind: "vllm", Args: []string{"--max-model-len=1000000"}}, []string{"Max model length 1000000 is over the 40960 tokens of Qwen3-8B-FP8; lower it."}},
		"what starts a program": {
			stage.Engine{Kind: "vllm", Image: "i", Env: map[string]string{"A": "1"}},
			[]string{"The simulator runs in inferencex itself: remove image and env from the engine."},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := qwen
			d.Engine = test.engine
			var got []string
			for _, p := range check(t, d, "") {
				if p.Where != stage.InEngine {
					t.Errorf("%s is in %s, want engine", p.Detail, p.Where)
				}
				got = append(got, p.Detail)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What is honoured reaches the server.
func TestEngineArgs(t *testing.T) {
	live, err := acquire(t, withArgs("--max-model-len", "4096"), `profile = "offline"`, time.Hour)
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
	if info.MaxModelLen != 4096 {
		t.Errorf("the server's context has %d tokens, want 4096", info.MaxModelLen)
	}
}
