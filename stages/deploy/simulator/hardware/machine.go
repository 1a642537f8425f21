package hardware

import (
	"fmt"
	"math"
)

// Config describes a Machine.
type Config struct {
	Model   Model
	GPU     GPU
	GPUs    int // tensor parallel size, at least 1
	Profile Profile
}

// Machine is a model laid out over GPUs.
type Machine struct {
	cfg       Config
	fit       fit
	flops     float64 // FLOP/s of one GPU at the model's precision
	bf16Share float64 // BF16-equivalent work of one FLOP at that precision
	kvTokens  int
}

// New checks that the model's description is complete and that it fits.
func New(cfg Config) (Machine, error) {
	m := Machine{cfg: cfg, fit: load().Fit, flops: cfg.GPU.BF16FLOPS, bf16Share: 1}
	if err := m.check(); err != nil {
		return Machine{}, err
	}
	// Without FP8 units the weights are widened on the fly and multiplied in BF16.
	if cfg.Model.WeightBytes <= 1 && cfg.GPU.FP8FLOPS > 0 {
		m.flops, m.bf16Share = cfg.GPU.FP8FLOPS, cfg.GPU.BF16FLOPS/cfg.GPU.FP8FLOPS
	}
	free := m.usableBytes() - cfg.Model.ResidentBytes()
	m.kvTokens = int(free / cfg.Model.KVBytesPerToken())
	if m.kvTokens < 1 {
		return Machine{}, fmt.Errorf("%s does not fit on %d x %s: its weights take %.1f GB and %.1f GB are usable; use more GPUs or a larger one",
			cfg.Model.Name, cfg.GPUs, cfg.GPU.Name, cfg.Model.ResidentBytes()/1e9, m.usableBytes()/1e9)
	}
	return m, nil
}

func (m Machine) check() error {
	mod, gpu, n := m.cfg.Model, m.cfg.GPU, m.cfg.GPUs
	positive := func(v ...float64) bool {
		for _, x := range v {
			if !(x > 0) || math.IsInf(x, 1) {
				return false
			}
		}
		return true
	}
	switch {
	case !positive(mod.Params, mod.WeightBytes, float64(mod.Hidden), float64(mod.Vocab), float64(mod.Layers),
		float64(mod.Heads), float64(mod.KVHeads), float64(mod.HeadDim), float64(mod.ContextTokens)):
		return fmt.Errorf("model %q: every size of its description must be positive: %+v", mod.Name, mod)
	case mod.Params <= 2*mod.embeddingParams():
		return fmt.Errorf("model %q: %.0f parameters are no more than its two embeddings", mod.Name, mod.Params)
	case !positive(gpu.MemoryBytes, gpu.Bandwidth, gpu.BF16FLOPS, gpu.TDPWatts):
		return fmt.Errorf("GPU %q: memory, bandwidth, FLOP/s and TDP of its description must be positive: %+v", gpu.Name, gpu)
	case n < 1 || mod.Heads%n != 0:
		return fmt.Errorf("model %q: %d GPUs do not divide its %d attention heads", mod.Name, n, mod.Heads)
	}
	return nil
}

func (m Machine) usableBytes() float64 {
	return float64(m.cfg.GPUs) * (m.fit.MemoryUtilisation*m.cfg.GPU.MemoryBytes - m.fit.ReserveBytes)
}

// Config returns what the machine was made of.
func (m Machine) Config() Config { return m.cfg }

// KVCapacityTokens is how many tokens' keys and values fit beside the weights.
func (m Machine) KVCapacityTokens() int { return m.kvTokens }

// MemoryUsedBytes is what one GPU has in use while the engine lives: vLLM
// takes its whole share at start-up.
func (m Machine) MemoryUsedBytes() int64 {
	return int64(m.fit.MemoryUtilisation * m.cfg.GPU.MemoryBytes)
}

// ContextWatts is the power of one GPU that holds a model and has no work.
func (m Machine) ContextWatts() float64 { return m.fit.ContextShare * m.cfg.GPU.TDPWatts }

// Batch is the work of one step.
type Batch struct {
	Sequences     int // all sequences in the step, decoding or prefilling
	Decode        int // sequences that decode one token each
	ContextTokens int // tokens whose keys and values are read, summed over sequences
	PrefillTokens int // prompt tokens computed in this step
}

// Step is what a batch costs.
type Step struct {
	Seconds    float64
	PowerWatts float64 // of each GPU, mean over the step
	Busy       float64 // share of the step in which kernels run
	Bandwidth  float64 // share of the nominal memory bandwidth in use
}

// Step prices a batch. Time:
//
//	t_gpu  = t0 + W/(p·ηw·BW) + L·kv/(p·ηkv·BW) + 2N·tokens/(p·ηc·F) + [p>1]·2·layers·t_ar
//	t_step = max(t_host(p), t_gpu) + c_seq·B
//
// with L the summed context. Power of one GPU, δ = t_gpu/t_step:
//
//	P = min(TDP, P_ctx + (P_act − P_ctx)·δ + a·u_bw + c·u_fl)
func (m Machine) Step(b Batch) Step {
	mod, gpu, pr, f := m.cfg.Model, m.cfg.GPU, m.cfg.Profile, m.fit
	p := float64(m.cfg.GPUs)

	weights := mod.ReadBytes() / p
	kv := float64(b.ContextTokens) * mod.KVBytesPerToken() / p
	flop := 2 * mod.ActiveParams() * float64(b.Decode+b.PrefillTokens) / p

	t := f.FixedSeconds + weights/(f.WeightEfficiency*gpu.Bandwidth) +
		kv/(f.KVEfficiency*gpu.Bandwidth) + flop/(f.ComputeEfficiency*m.flops)
	host := pr.HostSeconds
	if m.cfg.GPUs > 1 {
		t += 2 * float64(mod.Layers) * f.AllreduceSeconds
	}
	if m.cfg.GPUs >= 4 {
		host += pr.HostWideSeconds
	}
	total := math.Max(host, t) + pr.SequenceSeconds*float64(b.Sequences)

	busy := t / total
	bandwidth := (weights + kv) / (total * gpu.Bandwidth)
	compute := flop * m.bf16Share / (total * gpu.BF16FLOPS)
	share := f.ContextShare + (f.ActiveShare-f.ContextShare)*busy + f.BandwidthShare*bandwidth + f.ComputeShare*compute
	return Step{
		Seconds:    total,
		PowerWatts: gpu.TDPWatts * math.Min(1, share),
		Busy:       busy,
		Bandwidth:  math.Min(1, bandwidth),
	}
}
