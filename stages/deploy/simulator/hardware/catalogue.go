// Package hardware says how long one step of a serving engine takes on given
// GPUs and how much power they draw meanwhile, from first principles and
// constants fitted to published measurements.
//
// Invariant: a Machine is a value without state, so the same Batch always
// costs the same Step; all randomness and all time live with the callers.
package hardware

import (
	_ "embed" // for catalogue.json
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// catalogueJSON carries every constant next to its source.
//
//go:embed catalogue.json
var catalogueJSON []byte

// Model is the arithmetic of a dense decoder-only transformer.
type Model struct {
	Name          string  `json:"name"`
	Params        float64 `json:"params"` // all weights, both embedding matrices included
	Hidden        int     `json:"hidden"`
	Vocab         int     `json:"vocab"`
	Layers        int     `json:"layers"`
	Heads         int     `json:"heads"` // attention heads: tensor parallelism must divide them
	KVHeads       int     `json:"kv_heads"`
	HeadDim       int     `json:"head_dim"`
	WeightBytes   float64 `json:"weight_bytes"` // per weight of the layers; embeddings and head take 2
	ContextTokens int     `json:"context"`
	Source        string  `json:"source"`
}

// embeddingParams is the size of one embedding matrix; every model of the
// catalogue has two (input and head, not tied).
func (m Model) embeddingParams() float64 { return float64(m.Hidden) * float64(m.Vocab) }

// ActiveParams are the weights multiplied for each token: all but the input
// embedding, of which a token reads one row.
func (m Model) ActiveParams() float64 { return m.Params - m.embeddingParams() }

// ReadBytes are the weight bytes that one step reads, over all GPUs.
func (m Model) ReadBytes() float64 {
	return (m.Params-2*m.embeddingParams())*m.WeightBytes + 2*m.embeddingParams()
}

// ResidentBytes are the weight bytes held in memory, over all GPUs.
func (m Model) ResidentBytes() float64 { return m.ReadBytes() + 2*m.embeddingParams() }

// KVBytesPerToken is the size of one token's keys and values in BF16, over all GPUs.
func (m Model) KVBytesPerToken() float64 {
	return 2 * 2 * float64(m.Layers) * float64(m.KVHeads) * float64(m.HeadDim)
}

// GPU is one board: nominal rates, dense.
type GPU struct {
	Name        string   `json:"name"`
	Aliases     []string `json:"aliases"`
	DeviceName  string   `json:"device_name"` // what nvidia-smi -L calls it
	MemoryBytes float64  `json:"memory_bytes"`
	Bandwidth   float64  `json:"bandwidth"`  // bytes/s
	BF16FLOPS   float64  `json:"bf16_flops"` // FLOP/s
	FP8FLOPS    float64  `json:"fp8_flops"`  // FLOP/s, 0 without FP8 units
	TDPWatts    float64  `json:"tdp_watts"`
	IdleWatts   float64  `json:"idle_watts"` // without a CUDA context
	SMClockHz   float64  `json:"sm_clock_hz"`
	PowerBasis  string   `json:"power_basis"` // "fitted", or how far the power model may be off
	Source      string   `json:"source"`
}

// Profile is what surrounds the GPUs: the host's part of a step, the front
// end, the network and the engine's settings that go with them.
type Profile struct {
	Name             string  `json:"name"`
	HostSeconds      float64 `json:"host_seconds"`      // floor of a step: the host launching kernels
	HostWideSeconds  float64 `json:"host_wide_seconds"` // added to the floor from 4 GPUs on
	SequenceSeconds  float64 `json:"sequence_seconds"`  // per sequence and step
	AdmissionSeconds float64 `json:"admission_seconds"` // per request, one after the other, beside the engine
	NetworkSeconds   float64 `json:"network_seconds"`   // round trip, half before and half after the engine

	// ColdStallSeconds is what the first step takes in addition, by GPU
	// count; the nearest count below that is listed applies.
	ColdStallSeconds map[int]float64 `json:"cold_stall_seconds"`

	PrefixCache bool    `json:"prefix_cache"`
	Jitter      float64 `json:"jitter"` // relative standard deviation of a step's time
	Source      string  `json:"source"`
}

// ColdStall returns the seconds that the first step on this many GPUs takes in addition.
func (p Profile) ColdStall(gpus int) float64 {
	best, seconds := 0, 0.0
	for n, s := range p.ColdStallSeconds {
		if n <= gpus && n > best {
			best, seconds = n, s
		}
	}
	return seconds
}

// fit holds the constants that models and GPUs share.
type fit struct {
	FixedSeconds      float64 `json:"fixed_seconds"`
	WeightEfficiency  float64 `json:"weight_efficiency"`
	KVEfficiency      float64 `json:"kv_efficiency"`
	ComputeEfficiency float64 `json:"compute_efficiency"`
	AllreduceSeconds  float64 `json:"allreduce_seconds"`
	ContextShare      float64 `json:"context_share"`
	ActiveShare       float64 `json:"active_share"`
	BandwidthShare    float64 `json:"bandwidth_share"`
	ComputeShare      float64 `json:"compute_share"`
	MemoryUtilisation float64 `json:"memory_utilisation"`
	ReserveBytes      float64 `json:"reserve_bytes"`
}

type catalogue struct {
	Models   []Model   `json:"models"`
	GPUs     []GPU     `json:"gpus"`
	Fit      fit       `json:"fit"`
	Profiles []Profile `json:"profiles"`
}

// load parses the embedded file once; a file that does not parse is a bug of the build.
var load = sync.OnceValue(func() catalogue {
	var c catalogue
	if err := json.Unmarshal(catalogueJSON, &c); err != nil {
		panic(fmt.Sprintf("hardware: catalogue.json: %v", err))
	}
	return c
})

// LookupModel finds a model by its name or by a hub id such as
// "meta-llama/Llama-3.1-8B-Instruct"; case, the owner and "-Instruct" do not
// matter. The error lists the known models.
func LookupModel(id string) (Model, error) {
	want := modelKey(id)
	for _, m := range load().Models {
		if modelKey(m.Name) == want {
			return m, nil
		}
	}
	return Model{}, fmt.Errorf("unknown model %q: the simulator knows %s", id, strings.Join(ModelNames(), ", "))
}

func modelKey(id string) string {
	id = strings.ToLower(id[strings.LastIndex(id, "/")+1:])
	return strings.TrimSuffix(strings.TrimPrefix(id, "meta-"), "-instruct")
}

// LookupGPU finds a GPU by its catalogue name, an alias or the name that the
// driver gives it, whatever the case. The error lists the known GPUs.
func LookupGPU(name string) (GPU, error) {
	is := func(s string) bool { return strings.EqualFold(s, name) }
	for _, g := range load().GPUs {
		if is(g.Name) || is(g.DeviceName) || slices.ContainsFunc(g.Aliases, is) {
			return g, nil
		}
	}
	return GPU{}, fmt.Errorf("unknown GPU %q: the simulator knows %s", name, strings.Join(GPUNames(), ", "))
}

// LookupProfile finds a profile by name. The error lists the known profiles.
func LookupProfile(name string) (Profile, error) {
	for _, p := range load().Profiles {
		if p.Name == name {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("unknown profile %q: the simulator knows %s", name, strings.Join(ProfileNames(), ", "))
}

// ModelNames lists the catalogue's models, sorted.
func ModelNames() []string {
	return names(load().Models, func(m Model) string { return m.Name })
}

// GPUNames lists the catalogue's GPUs, sorted.
func GPUNames() []string { return names(load().GPUs, func(g GPU) string { return g.Name }) }

// ProfileNames lists the profiles, sorted.
func ProfileNames() []string {
	return names(load().Profiles, func(p Profile) string { return p.Name })
}

func names[T any](list []T, name func(T) string) []string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		out = append(out, name(v))
	}
	slices.Sort(out)
	return out
}
