package hardware_test

import (
	"math"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
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

// The published points are Qwen3-8B in BF16 on one H100: batch over throughput, and power, of the ML.ENERGY Benchmark v3.0's conversations. The
// mean context is about 625 tokens. Power includes the prefill of the requests that come, a fifth as many tokens as they generate.
func TestStepMatchesPublishedPoints(t *testing.T) {
	m := machine(t, "Qwen3-8B", "H100", 1, "offline")
	for _, c := range []struct {
		sequences int
		ms, watts float64
	}{{8, 8.3, 427}, {32, 10.9, 478}, {128, 21.6, 573}, {255, 33.1, 633}} {
		work := decode(c.sequences, 625)
		alone := m.Step(work)
		work.PrefillTokens = c.sequences / 5
		mixed := m.Step(work)
		t.Logf("B = %3d: %.2f ms, %.2f ms with prefill, %.0f W; published %.1f ms, %.0f W", c.sequences, alone.Seconds*1e3, mixed.Seconds*1e3, mixed.PowerWatts, c.ms, c.watts)
		for name, got := range map[string]float64{"decoding": alone.Seconds, "with prefill": mixed.Seconds} {
			if math.Abs(got*1e3/c.ms-1) > 0.10 {
				t.Errorf("B = %d %s: %.2f ms, published %.1f ms: more than 10 %% apart", c.sequences, name, got*1e3, c.ms)
			}
		}
		if math.Abs(mixed.PowerWatts/c.watts-1) > 0.15 {
			t.Errorf("B = %d: %.0f W, published %.0f W: more than 15 %% apart", c.sequences, mixed.PowerWatts, c.watts)
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
	}{{1, 15.6 + .381}, {2, 15.6 + .381}, {4, 15.6 + 5.7 + .381}, {8, 15.6 + 5.7 + .381}} {
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
		"mistralai/Mistral-7B-Instruct-v0.3": "Mistral-7B-v0.3", "mistralai/Mistral-7B-v0.3": "Mistral-7B-v0.3",
		"Qwen/Qwen3-30B-A3B-Instruct-2507": "",
	} {
		m, err := hardware.LookupModel(id)
		if m.Name != want || (err != nil) != (want == "") {
			t.Errorf("LookupModel(%q) = %q, %v, want %q", id, m.Name, err, want)
		}
	}
	for name, want := range map[string]string{"h100": "H100", "A100-80GB": "A100-80G", "NVIDIA H100 80GB HBM3": "H100", "h100-sxm5": "H100", "AMD Instinct MI300X OAM": "MI300X"} {
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
		{"unknown model", "gpt-5", "H100", 1, "graphs", `unknown model "gpt-5": the simulator knows Llama-3.1-70B, Llama-3.1-8B, Mistral-7B-v0.3, Qwen3-14B, Qwen3-32B, Qwen3-8B, Qwen3-8B-FP8; describe another, dense one by its architecture`},
		{"another H100", "Qwen3-8B", "H100-NVL", 1, "graphs", `unknown GPU "H100-NVL": the simulator knows A100-80G, B200, GB200, H100, H200, L4, L40S, MI300X, MI325X, MI355X; describe another by its board`},
		{"unknown gpu", "Qwen3-8B", "TPU", 1, "graphs", `unknown GPU "TPU": the simulator knows A100-80G, B200, GB200, H100, H200, L4, L40S, MI300X, MI325X, MI355X; describe another by its board`},
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
		{"billions", func(c *hardware.Config) { c.Model.Params = 8.2 }, `model "Qwen3-8B": 8.2 parameters are no more than its embeddings and attention, which have 2.755e+09 by its other sizes`},
		{"odd heads", func(c *hardware.Config) { c.Model.KVHeads = 5 }, `model "Qwen3-8B": 32 attention heads cannot share 5 heads of keys and values evenly`},
		{"experts", func(c *hardware.Config) { c.Model.Params = 46.7e9 }, `model "Qwen3-8B": 4.67e+10 parameters leave its layers a feed-forward width of 9.934e+04, 24 times the hidden size: a mixture of experts`},
		{"hot when idle", func(c *hardware.Config) { c.GPU.IdleWatts = 701 }, `GPU "H100": it idles at 701 W, above its TDP of 700 W`},
		{"all the memory and more", func(c *hardware.Config) { c.MemoryUtilisation = 1.1 }, `GPU memory utilisation 1.1: must be above 0 and at most 1`},
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

// More GPUs than heads of keys and values hold copies of them: neither the cache nor reading it gets any cheaper.
func TestKeysAndValuesAreCopied(t *testing.T) {
	model, _ := hardware.LookupModel("Llama-3.1-70B")
	model.KVHeads = 2
	gpu, _ := hardware.LookupGPU("B200")
	capacity := func(gpus int) float64 {
		m, err := hardware.New(hardware.Config{Model: model, GPU: gpu, GPUs: gpus})
		if err != nil {
			t.Fatal(err)
		}
		free := .9*gpu.MemoryBytes - 2e9 - model.ResidentBytes()/float64(gpus)
		return float64(m.KVCapacityTokens()) / free
	}
	if one, two, four := capacity(1), capacity(2), capacity(4); math.Abs(two/one-2) > 1e-3 || math.Abs(four/two-1) > 1e-3 {
		t.Errorf("tokens in a byte of one GPU: %g, %g with two, %g with four: want twice as many and then no more", one, two, four)
	}
}

func TestMemoryUtilisation(t *testing.T) {
	model, _ := hardware.LookupModel("Qwen3-8B-FP8")
	gpu, _ := hardware.LookupGPU("H100")
	tokens := map[float64]int{}
	for _, share := range []float64{0, .45, .9} {
		m, err := hardware.New(hardware.Config{Model: model, GPU: gpu, GPUs: 1, MemoryUtilisation: share})
		if err != nil {
			t.Fatal(err)
		}
		tokens[share] = m.KVCapacityTokens()
	}
	want := int(.45 * gpu.MemoryBytes / model.KVBytesPerToken())
	if got := tokens[.9] - tokens[.45]; tokens[0] != tokens[.9] || got < want-1 || got > want+1 {
		t.Errorf("tokens by share %v: want the default to be .9, and half the memory less to be %d tokens less", tokens, want)
	}
}

// A head that is the input embedding is in the parameters once, and read all the same.
func TestTiedEmbeddings(t *testing.T) {
	tied := hardware.Model{Params: 596049920, Layers: 28, Hidden: 1024, Heads: 16, KVHeads: 8, HeadDim: 128, WeightBytes: 2, Vocab: 151936, ContextTokens: 40960, TiedEmbeddings: true}
	if err := tied.Check(); err != nil {
		t.Error(err)
	}
	if got := tied.ActiveParams(); got != tied.Params {
		t.Errorf("active parameters %g, want all %g", got, tied.Params)
	}
	if got, resident := tied.ReadBytes(), tied.ResidentBytes(); got != 2*tied.Params || resident != got {
		t.Errorf("%g bytes read and %g held, want all %g", got, resident, 2*tied.Params)
	}
}
