package hardware

import (
	"fmt"
	"math"
)

// DefaultMemoryUtilisation is vLLM's default of --gpu-memory-utilization.
const DefaultMemoryUtilisation = 0.9

// reserveBytes of each GPU go to activations and CUDA graphs: a choice.
const reserveBytes = 2e9

// Config describes a Machine.
type Config struct {
	Model             Model
	GPU               GPU
	GPUs              int // tensor parallel size, at least 1
	Profile           Profile
	MemoryUtilisation float64 // share of a GPU's memory that the engine takes, up to 1; 0 is DefaultMemoryUtilisation
}

// Machine is a model laid out over GPUs.
type Machine struct {
	cfg       Config
	flops     float64 // FLOP/s of one GPU at the model's precision
	bf16Share float64 // BF16-equivalent work of one FLOP at that precision
	kvTokens  int
}

// New checks that the descriptions are complete and that the model fits.
func New(cfg Config) (Machine, error) {
	if cfg.MemoryUtilisation == 0 {
		cfg.MemoryUtilisation = DefaultMemoryUtilisation
	}
	m := Machine{cfg: cfg, flops: cfg.GPU.BF16FLOPS, bf16Share: 1}
	if err := m.check(); err != nil {
		return Machine{}, err
	}
	// Without FP8 units the weights are widened on the fly and multiplied in BF16.
	if cfg.Model.WeightBytes <= 1 && cfg.GPU.FP8FLOPS > 0 {
		m.flops, m.bf16Share = cfg.GPU.FP8FLOPS, cfg.GPU.BF16FLOPS/cfg.GPU.FP8FLOPS
	}
	usable := cfg.MemoryUtilisation*cfg.GPU.MemoryBytes - reserveBytes
	free := usable - cfg.Model.ResidentBytes()/float64(cfg.GPUs)
	m.kvTokens = int(free / (cfg.Model.KVBytesPerToken() * cfg.Model.kvShare(cfg.GPUs)))
	if m.kvTokens < 1 {
		return Machine{}, fmt.Errorf("%s does not fit on %d x %s: its weights take %.1f GB and %.1f GB are usable; use more GPUs or a larger one",
			cfg.Model.Name, cfg.GPUs, cfg.GPU.Name, cfg.Model.ResidentBytes()/1e9, float64(cfg.GPUs)*usable/1e9)
	}
	return m, nil
}

func (m Machine) check() error {
	if err := m.cfg.Model.Check(); err != nil {
		return err
	}
	if err := m.cfg.GPU.Check(); err != nil {
		return err
	}
	switch n, u := m.cfg.GPUs, m.cfg.MemoryUtilisation; {
	case n < 1 || m.cfg.Model.Heads%n != 0:
		return fmt.Errorf("model %q: %d GPUs do not divide its %d attention heads", m.cfg.Model.Name, n, m.cfg.Model.Heads)
	case !(u > 0) || u > 1:
		return fmt.Errorf("GPU memory utilisation %v: must be above 0 and at most 1", u)
	}
	return nil
}

// Config returns what the machine was made of.
func (m Machine) Config() Config { return m.cfg }

// KVCapacityTokens is how many tokens' keys and values fit beside the weights.
func (m Machine) KVCapacityTokens() int { return m.kvTokens }

// MemoryUsedBytes is what one GPU has in use while the engine lives: vLLM takes its whole share at start-up.
func (m Machine) MemoryUsedBytes() int64 {
	return int64(m.cfg.MemoryUtilisation * m.cfg.GPU.MemoryBytes)
}

// ContextWatts is the power of one GPU that holds a model and has no work.
func (m Machine) ContextWatts() float64 { return m.cfg.GPU.Power.ContextWatts }

// Batch is the work of one step.
type Batch struct {
	Sequences     int // all sequences in the step, decoding or prefilling
	Decode        int // sequences that decode one token each
	ContextTokens int // tokens whose keys and values are read, summed over sequences
	PrefillTokens int // tokens computed in this step beside those decoded
}

// Step is what a batch costs.
type Step struct {
	Seconds    float64
	PowerWatts float64 // of each GPU, mean over the step
	Busy       float64 // share of the step in which kernels run
	Bandwidth  float64 // share of the nominal memory bandwidth in use
}

// Step prices a batch. Time, on p GPUs of which each holds 1/q of the keys and values:
//
//	t_gpu  = t0 + W/(p·ηw·BW) + L·kv/(q·ηkv·BW) + 2N·tokens/(p·ηc·F) + 2·layers·t_ar(p)
//	t_ar(p) = (1 + log2 p)·a + 2(p−1)/p·hidden·2·tokens/(ηl·link), none for p = 1
//	t_step = max(t_host(p), t_gpu) + c_seq·B
//
// with L the summed context, and tokens those decoded and those prefilled. Power of one GPU, δ = t_gpu/t_step:
//
//	P = min(TDP, P_ctx + (P_act − P_ctx)·δ + a·u_bw + c·u_fl)
func (m Machine) Step(b Batch) Step {
	mod, gpu, profile := m.cfg.Model, m.cfg.GPU, m.cfg.Profile
	p := float64(m.cfg.GPUs)

	weights := mod.ReadBytes() / p
	kv := float64(b.ContextTokens) * mod.KVBytesPerToken() * mod.kvShare(m.cfg.GPUs)
	flop := 2 * mod.ActiveParams() * float64(b.Decode+b.PrefillTokens) / p

	t := gpu.Step.FixedSeconds + weights/(gpu.Step.WeightEfficiency*gpu.Bandwidth) +
		kv/(gpu.Step.KVEfficiency*gpu.Bandwidth) + flop/(gpu.Step.ComputeEfficiency*m.flops)
	host := profile.HostSeconds
	t += 2 * float64(mod.Layers) * m.allreduce(b.Decode+b.PrefillTokens)
	if m.cfg.GPUs >= 4 {
		host += profile.HostWideSeconds
	}
	total := math.Max(host, t) + profile.SequenceSeconds*float64(b.Sequences)

	busy := t / total
	bandwidth := (weights + kv) / (total * gpu.Bandwidth)
	compute := flop * m.bf16Share / (total * gpu.BF16FLOPS)
	watts := gpu.Power.ContextWatts + (gpu.Power.ActiveWatts-gpu.Power.ContextWatts)*busy +
		gpu.Power.BandwidthWatts*bandwidth + gpu.Power.ComputeWatts*compute
	return Step{
		Seconds:    total,
		PowerWatts: math.Min(gpu.TDPWatts, watts),
		Busy:       busy,
		Bandwidth:  math.Min(1, bandwidth),
	}
}

// allreduce is the time in which the GPUs add up one layer's part of so many tokens' BF16 activations: a latency that grows with the depth of the
// tree of GPUs, and the volume of a ring. Every layer has two of them.
func (m Machine) allreduce(tokens int) float64 {
	if m.cfg.GPUs == 1 {
		return 0
	}
	gpu, p := m.cfg.GPU, float64(m.cfg.GPUs)
	seconds := (1 + math.Log2(p)) * gpu.Step.AllreduceSeconds
	if gpu.LinkBandwidth > 0 {
		bytes := 2 * float64(m.cfg.Model.Hidden) * float64(tokens)
		seconds += 2 * (p - 1) / p * bytes / (gpu.Step.LinkEfficiency * gpu.LinkBandwidth)
	}
	return seconds
}
