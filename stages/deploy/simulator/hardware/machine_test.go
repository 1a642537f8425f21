package hardware_test

import (
	"math"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/stages/deploy/simulator/hardware"
)

func machine(t *testing.T, model, gpu string, gpus int, profile string) hardware.Machine {
	t.Helper()
	m, err := newMachine(model, gpu, gpus, profile)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newMachine(model, gpu string, gpus int, profile string) (hardware.Machine, error) {
	mod, err := hardware.LookupModel(model)
	if err != nil {
		return hardware.Machine{}, err
	}
	g, err := hardware.LookupGPU(gpu)
	if err != nil {
		return hardware.Machine{}, err
	}
	p, err := hardware.LookupProfile(profile)
	if err != nil {
		return hardware.Machine{}, err
	}
	return hardware.New(hardware.Config{Model: mod, GPU: g, GPUs: gpus, Profile: p})
}

func decode(sequences, context int) hardware.Batch {
	return hardware.Batch{Sequences: sequences, Decode: sequences, ContextTokens: sequences * context}
}

// The published points are Qwen3-8B in BF16 on one H100 with a mean context of
// about 625 tokens.
func TestStepMatchesPublishedPoints(t *testing.T) {
	m := machine(t, "Qwen3-8B", "H100", 1, "offline")
	for _, c := range []struct {
		sequences int
		measured  float64 // ms
	}{{8, 8.3}, {32, 10.9}, {128, 21.6}, {255, 33.1}} {
		got := m.Step(decode(c.sequences, 625)).Seconds * 1e3
		if math.Abs(got/c.measured-1) > 0.10 {
			t.Errorf("B = %d: %.2f ms, measured %.1f ms: more than 10 %% apart", c.sequences, got, c.measured)
		}
	}
}

// The catalogue's sizes are checked against the constants of the design and
// against parameter counts rebuilt from the published shapes.
func TestModelArithmetic(t *testing.T) {
	// MLP width, and whether queries and keys are normalised per head (Qwen3).
	shapes := map[string]struct {
		mlp    int
		qkNorm bool
	}{
		"Qwen3-8B": {12288, true}, "Qwen3-8B-FP8": {12288, true}, "Qwen3-14B": {17408, true}, "Qwen3-32B": {25600, true},
		"Llama-3.1-8B": {14336, false}, "Llama-3.1-70B": {28672, false}, "Mistral-7B-v0.3": {14336, false},
	}
	if got := len(hardware.ModelNames()); got != len(shapes) {
		t.Errorf("catalogue has %d models, this test knows %d", got, len(shapes))
	}
	for name, shape := range shapes {
		m, err := hardware.LookupModel(name)
		if err != nil {
			t.Error(err)
			continue
		}
		q, kv := m.Heads*m.HeadDim, m.KVHeads*m.HeadDim
		layer := 2*m.Hidden*(q+kv) + 3*m.Hidden*shape.mlp + 2*m.Hidden
		if shape.qkNorm {
			layer += 2 * m.HeadDim
		}
		want := float64(m.Layers*layer + 2*m.Vocab*m.Hidden + m.Hidden)
		if m.Params != want {
			t.Errorf("%s: %.0f parameters, its shape makes %.0f", name, m.Params, want)
		}
		if m.Source == "" {
			t.Errorf("%s: no source", name)
		}
	}
	fp8, _ := hardware.LookupModel("Qwen/Qwen3-8B-FP8")
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"kv bytes per token", fp8.KVBytesPerToken(), 147456},
		{"active parameters", fp8.ActiveParams(), 7.57e9},
		{"weight bytes read", fp8.ReadBytes(), 8.19e9},
	} {
		if math.Abs(c.got/c.want-1) > 1e-3 {
			t.Errorf("Qwen3-8B-FP8: %s = %g, want %g", c.name, c.got, c.want)
		}
	}
}

func TestTensorParallelShortensLargeModels(t *testing.T) {
	for _, c := range []struct{ model, gpu string }{{"Llama-3.1-70B", "B200"}, {"Qwen3-32B", "H100"}} {
		one := machine(t, c.model, c.gpu, 1, "graphs").Step(decode(32, 1024)).Seconds
		two := machine(t, c.model, c.gpu, 2, "graphs").Step(decode(32, 1024)).Seconds
		if two >= one || two < one/2 {
			t.Errorf("%s on %s: one GPU %.2f ms, two %.2f ms: want less, and at least half", c.model, c.gpu, one*1e3, two*1e3)
		}
	}
}

func TestPowerStaysBetweenContextAndTDP(t *testing.T) {
	for _, gpu := range hardware.GPUNames() {
		m := machine(t, "Qwen3-8B", gpu, 1, "graphs")
		g := m.Config().GPU
		for _, b := range []hardware.Batch{decode(1, 128), decode(32, 1024), decode(128, 1024), {Sequences: 8, PrefillTokens: 8192}} {
			s := m.Step(b)
			if s.PowerWatts <= m.ContextWatts() || s.PowerWatts > g.TDPWatts {
				t.Errorf("%s %+v: %.0f W, want above %.0f W and at most %.0f W", gpu, b, s.PowerWatts, m.ContextWatts(), g.TDPWatts)
			}
			if s.Busy <= 0 || s.Busy > 1 || s.Bandwidth <= 0 || s.Bandwidth > 1 {
				t.Errorf("%s %+v: busy %.2f, bandwidth %.2f: want shares", gpu, b, s.Busy, s.Bandwidth)
			}
		}
	}
}

func TestEagerHostSetsTheFloor(t *testing.T) {
	for _, c := range []struct {
		gpus int
		want float64 // ms
	}{{1, 15.6 + .373}, {2, 15.6 + .373}, {4, 15.6 + 5.7 + .373}, {8, 15.6 + 5.7 + .373}} {
		got := machine(t, "Qwen3-8B-FP8", "H100", c.gpus, "modal-eager").Step(decode(1, 100)).Seconds * 1e3
		if math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%d GPUs: %.3f ms, want %.3f", c.gpus, got, c.want)
		}
	}
}

func TestColdStallTakesTheNearestCountBelow(t *testing.T) {
	p, err := hardware.LookupProfile("modal-eager")
	if err != nil {
		t.Fatal(err)
	}
	for gpus, want := range map[int]float64{1: 1.12, 2: .95, 3: .95, 4: 2.25, 8: 2.25} {
		if got := p.ColdStall(gpus); got != want {
			t.Errorf("%d GPUs: %v s, want %v", gpus, got, want)
		}
	}
}

func TestLookupAliases(t *testing.T) {
	for id, want := range map[string]string{
		"qwen3-8b": "Qwen3-8B", "Qwen/Qwen3-8B-FP8": "Qwen3-8B-FP8",
		"meta-llama/Llama-3.1-8B-Instruct": "Llama-3.1-8B", "meta-llama/Meta-Llama-3.1-70B": "Llama-3.1-70B",
		"mistralai/Mistral-7B-Instruct-v0.3": "", "mistralai/Mistral-7B-v0.3": "Mistral-7B-v0.3",
	} {
		m, err := hardware.LookupModel(id)
		if m.Name != want || (err != nil) != (want == "") {
			t.Errorf("LookupModel(%q) = %q, %v, want %q", id, m.Name, err, want)
		}
	}
	for name, want := range map[string]string{"h100": "H100", "A100-80GB": "A100-80G", "NVIDIA H100 80GB HBM3": "H100"} {
		if g, err := hardware.LookupGPU(name); g.Name != want || err != nil {
			t.Errorf("LookupGPU(%q) = %q, %v, want %q", name, g.Name, err, want)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name       string
		model, gpu string
		gpus       int
		profile    string
		want       string
	}{
		{"unknown model", "gpt-5", "H100", 1, "graphs", `unknown model "gpt-5": the simulator knows Llama-3.1-70B, Llama-3.1-8B, Mistral-7B-v0.3, Qwen3-14B, Qwen3-32B, Qwen3-8B, Qwen3-8B-FP8`},
		{"unknown gpu", "Qwen3-8B", "TPU", 1, "graphs", `unknown GPU "TPU": the simulator knows A100-80G, B200, H100, H200, L40S`},
		{"unknown profile", "Qwen3-8B", "H100", 1, "fast", `unknown profile "fast": the simulator knows graphs, modal-eager, offline`},
		{"too large", "Llama-3.1-70B", "H100", 1, "graphs", "Llama-3.1-70B does not fit on 1 x H100: its weights take 141.1 GB and 75.0 GB are usable; use more GPUs or a larger one"},
		{"odd gpus", "Qwen3-8B", "H100", 3, "graphs", `model "Qwen3-8B": 3 GPUs do not divide its 32 attention heads`},
		{"no gpus", "Qwen3-8B", "H100", 0, "graphs", `model "Qwen3-8B": 0 GPUs do not divide its 32 attention heads`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newMachine(c.model, c.gpu, c.gpus, c.profile)
			if err == nil || err.Error() != c.want {
				t.Errorf("error %v\nwant  %s", err, c.want)
			}
		})
	}
}

func TestIncompleteDescriptions(t *testing.T) {
	model, _ := hardware.LookupModel("Qwen3-8B")
	gpu, _ := hardware.LookupGPU("H100")
	for _, c := range []struct {
		name   string
		change func(*hardware.Config)
		want   string
	}{
		{"no layers", func(c *hardware.Config) { c.Model.Layers = 0 }, `model "Qwen3-8B": every size of its description must be positive`},
		{"all embeddings", func(c *hardware.Config) { c.Model.Params = 1e9 }, `model "Qwen3-8B": 1000000000 parameters are no more than its two embeddings`},
		{"no bandwidth", func(c *hardware.Config) { c.GPU.Bandwidth = math.NaN() }, `GPU "H100": memory, bandwidth, FLOP/s and TDP of its description must be positive`},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := hardware.Config{Model: model, GPU: gpu, GPUs: 1}
			c.change(&cfg)
			if _, err := hardware.New(cfg); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("error %v\nwant  %s…", err, c.want)
			}
		})
	}
}

// FP8 weights on a GPU without FP8 units are read at one byte and multiplied in BF16.
func TestFP8WithoutUnits(t *testing.T) {
	fp8 := machine(t, "Qwen3-8B-FP8", "A100-80G", 1, "offline")
	bf16 := machine(t, "Qwen3-8B", "A100-80G", 1, "offline")
	prefill := hardware.Batch{Sequences: 1, PrefillTokens: 8192}
	if a, b := fp8.Step(prefill).Seconds, bf16.Step(prefill).Seconds; a < b*.95 {
		t.Errorf("prefill takes %.1f ms in FP8 and %.1f ms in BF16: the A100 has no FP8 units", a*1e3, b*1e3)
	}
	if a, b := fp8.Step(decode(1, 1)).Seconds, bf16.Step(decode(1, 1)).Seconds; a > b*.75 {
		t.Errorf("decode takes %.1f ms in FP8 and %.1f ms in BF16: half the bytes should show", a*1e3, b*1e3)
	}
}
