package hardware

import "fmt"

// GPU is one board: nominal rates, dense, and the constants of its step time and power.
type GPU struct {
	Name        string  `json:"name"`
	DeviceName  string  `json:"device_name"`  // what its driver calls it
	MemoryBytes float64 `json:"memory_bytes"` // as its driver reports it
	Bandwidth   float64 `json:"bandwidth"`    // bytes/s
	BF16FLOPS   float64 `json:"bf16_flops"`   // FLOP/s
	FP8FLOPS    float64 `json:"fp8_flops"`    // FLOP/s, 0 without FP8 units
	// LinkBandwidth is what one board sends to its peers in one direction, bytes/s. 0: only the latency of an exchange is counted.
	LinkBandwidth float64 `json:"link_bandwidth"`
	SMClockHz     float64 `json:"sm_clock_hz"`
	TDPWatts      float64 `json:"tdp_watts"`
	IdleWatts     float64 `json:"idle_watts"` // with nothing loaded
	Source        string  `json:"source"`

	Step  StepConstants  `json:"step"`
	Power PowerConstants `json:"power"`
}

// StepConstants are what the step-time model takes from measurements: see Machine.Step.
type StepConstants struct {
	FixedSeconds      float64 `json:"fixed_seconds"`
	WeightEfficiency  float64 `json:"weight_efficiency"` // share of the nominal bandwidth
	KVEfficiency      float64 `json:"kv_efficiency"`
	ComputeEfficiency float64 `json:"compute_efficiency"` // share of the nominal FLOP/s
	AllreduceSeconds  float64 `json:"allreduce_seconds"`  // latency of an all-reduce over p GPUs, in units of 1 + log2(p)
	LinkEfficiency    float64 `json:"link_efficiency"`    // share of the nominal LinkBandwidth
	Basis             string  `json:"basis"`              // "fitted", or that it is not measured
	Source            string  `json:"source"`
}

// PowerConstants are what the power model takes from measurements: see Machine.Step.
type PowerConstants struct {
	ContextWatts   float64 `json:"context_watts"`   // with a model loaded and no work
	ActiveWatts    float64 `json:"active_watts"`    // with kernels running, before what they do
	BandwidthWatts float64 `json:"bandwidth_watts"` // more at the whole memory bandwidth
	ComputeWatts   float64 `json:"compute_watts"`   // more at the whole BF16 rate
	Basis          string  `json:"basis"`           // "fitted", or how far the model may be off
	Source         string  `json:"source"`
}

// The board whose constants were fitted, and what is said of those that take theirs from it.
const (
	fittedGPU  = "H100"
	stepBasis  = "modelled, not measured"
	powerBasis = "modelled, ±20 %"
)

// Modelled completes a description of nominal rates by the constants of the fitted board: its efficiencies, and its watts in the ratio of the
// TDPs. A board that idles above that has a context's power no lower than idle.
func (g GPU) Modelled() GPU {
	fitted, err := LookupGPU(fittedGPU)
	if err != nil {
		panic("hardware: " + err.Error())
	}
	ratio := g.TDPWatts / fitted.TDPWatts
	if g.IdleWatts == 0 {
		g.IdleWatts = fitted.IdleWatts * ratio
	}
	g.Step = fitted.Step
	g.Step.Basis = stepBasis
	context := max(g.IdleWatts, fitted.Power.ContextWatts*ratio)
	g.Power = PowerConstants{
		ContextWatts:   context,
		ActiveWatts:    context + (fitted.Power.ActiveWatts-fitted.Power.ContextWatts)*ratio,
		BandwidthWatts: fitted.Power.BandwidthWatts * ratio,
		ComputeWatts:   fitted.Power.ComputeWatts * ratio,
		Basis:          powerBasis,
	}
	return g
}

// Check finds a description that is incomplete or contradicts itself.
func (g GPU) Check() error {
	switch {
	case !positive(g.MemoryBytes, g.Bandwidth, g.BF16FLOPS, g.TDPWatts):
		return fmt.Errorf("GPU %q: memory, bandwidth, FLOP/s and TDP of its description must be positive: %+v", g.Name, g)
	case g.IdleWatts > g.TDPWatts:
		return fmt.Errorf("GPU %q: it idles at %g W, above its TDP of %g W", g.Name, g.IdleWatts, g.TDPWatts)
	}
	return nil
}
