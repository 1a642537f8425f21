// Package simulator is an OpenAI-compatible server that behaves as vLLM does
// and has no GPU: a model of time and power answers instead.
//
// Invariant: every time and every watt that it reports is of the simulated
// clock, unix time = epoch + (wall − epoch) × speed, and agrees with what it
// wrote to its clients when.
package simulator

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
)

// Revision counts changes of the model and of what the server answers that change results: those measured on another one are no hits.
// TestRevision tells when one is due. It was 1 before it was counted.
const Revision = 3

// Defaults of a Config.
const (
	DefaultGPU     = "H100"
	DefaultProfile = "graphs"
)

// Config describes a server. Only Model is needed; every other zero means a default.
type Config struct {
	Model   string   // catalogue name or hub id, "Qwen/Qwen3-8B-FP8"
	Served  []string // the names it answers to, default the Model as given
	GPUType string   // default DefaultGPU
	GPUs    int      // tensor parallel size, default 1
	Profile string   // what surrounds the GPUs, default DefaultProfile

	// Explicit descriptions instead of the catalogue's.
	ModelSpec   *hardware.Model
	GPUSpec     *hardware.GPU
	ProfileSpec *hardware.Profile

	Speed          float64 // simulated seconds per wall second, default 1
	Seed           uint64
	StartupSeconds float64 // simulated; until then /health and the API answer 503

	MaxNumSeqs          int     // default: vLLM's for the GPU
	MaxNumBatchedTokens int     // default: vLLM's for the GPU
	MaxModelLen         int     // default: the model's, or what the KV cache holds
	StreamInterval      int     // tokens in a chunk after the first, default 1
	PrefixCache         *bool   // default: the profile's
	KVCapacityTokens    int     // default: what GPU memory has room for
	MemoryUtilisation   float64 // share of a GPU's memory that is used, default hardware.DefaultMemoryUtilisation

	ExactPower          bool    // power sensors without calibration error
	PowerHistorySeconds float64 // simulated seconds of power samples that are kept, default 3600

	Faults []Fault
	Now    func() time.Time // default time.Now; its readings must be monotonic
}

// WithDefaults fills the zeros that need no look-up.
func (c Config) WithDefaults() Config {
	c.GPUType = cmp.Or(c.GPUType, DefaultGPU)
	c.Profile = cmp.Or(c.Profile, DefaultProfile)
	c.GPUs = cmp.Or(c.GPUs, 1)
	c.Speed = cmp.Or(c.Speed, 1)
	if len(c.Served) == 0 {
		c.Served = []string{c.Model}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Check finds what a look-up would not.
func (c Config) Check() error {
	if c.Model == "" {
		return fmt.Errorf("simulator: no model is named")
	}
	for _, name := range c.Served {
		if name == "" {
			return fmt.Errorf("simulator: a served name is empty")
		}
	}
	for _, v := range []struct {
		name  string
		value float64
		zero  bool // whether 0 is allowed
	}{
		{"speed", c.Speed, false},
		{"startup seconds", c.StartupSeconds, true},
		{"power history seconds", c.PowerHistorySeconds, true},
	} {
		if !(v.value >= 0) || math.IsInf(v.value, 1) || v.value == 0 && !v.zero {
			return fmt.Errorf("simulator: %s = %v: must be positive and finite", v.name, v.value)
		}
	}
	for _, f := range c.Faults {
		if err := f.check(); err != nil {
			return fmt.Errorf("simulator: %w", err)
		}
	}
	return nil
}

// Machine resolves model, GPU and profile.
func (c Config) Machine() (hardware.Machine, error) {
	var hw hardware.Config
	var err error
	if c.ModelSpec != nil {
		hw.Model = *c.ModelSpec
	} else if hw.Model, err = hardware.LookupModel(c.Model); err != nil {
		return hardware.Machine{}, err
	}
	if c.GPUSpec != nil {
		hw.GPU = *c.GPUSpec
	} else if hw.GPU, err = hardware.LookupGPU(c.GPUType); err != nil {
		return hardware.Machine{}, err
	}
	if c.ProfileSpec != nil {
		hw.Profile = *c.ProfileSpec
	} else if hw.Profile, err = hardware.LookupProfile(c.Profile); err != nil {
		return hardware.Machine{}, err
	}
	hw.GPUs, hw.MemoryUtilisation = c.GPUs, c.MemoryUtilisation
	return hardware.New(hw)
}

// engineConfig translates what concerns the scheduler.
func (c Config) engineConfig(m hardware.Machine) engine.Config {
	prefix := m.Config().Profile.PrefixCache
	if c.PrefixCache != nil {
		prefix = *c.PrefixCache
	}
	return engine.Config{
		Machine: m, MaxNumSeqs: c.MaxNumSeqs, MaxNumBatchedTokens: c.MaxNumBatchedTokens,
		StreamInterval: c.StreamInterval, KVCapacityTokens: c.KVCapacityTokens, PrefixCache: prefix, Seed: c.Seed,
	}
}

// Engine returns a scheduler as a server of this configuration has, for playing loads without a clock.
func (c Config) Engine() (*engine.Engine, error) {
	c = c.WithDefaults()
	if err := c.Check(); err != nil {
		return nil, err
	}
	machine, err := c.Machine()
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	e, err := engine.New(c.engineConfig(machine))
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	return e, nil
}

// modelLen decides the context length: a length that was asked for must be possible; the default one gives way, where vLLM would not start.
func (c Config) modelLen(model hardware.Model, kvTokens int) (int, error) {
	switch {
	case c.MaxModelLen == 0:
		return min(model.ContextTokens, kvTokens), nil
	case c.MaxModelLen < 0:
		return 0, fmt.Errorf("simulator: max model length %d: must be positive", c.MaxModelLen)
	case c.MaxModelLen > model.ContextTokens:
		return 0, fmt.Errorf("simulator: max model length %d is over the %d tokens of %s; lower it", c.MaxModelLen, model.ContextTokens, model.Name)
	case c.MaxModelLen > kvTokens:
		return 0, fmt.Errorf("simulator: max model length %d is over the KV cache of %d tokens; lower it or use more GPUs", c.MaxModelLen, kvTokens)
	}
	return c.MaxModelLen, nil
}
