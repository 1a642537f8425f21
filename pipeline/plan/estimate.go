package plan

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/gpu"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/think"
)

// What an estimate assumes where nothing is known: slow enough that a run seldom costs more than its plan says.
const (
	assumedTPOT    = 25 * time.Millisecond  // one output token of one user
	assumedPrefill = 100 * time.Microsecond // one input token
	assumedWindows = 4                      // of one request for each user, until a warm-up has settled
	assumedPower   = 15 * time.Second       // fetching samples and letting the GPUs cool between cells
)

// Estimate is what a plan is expected to take. It is a rough figure made before anything ran: 40 output tokens per second and user are assumed.
type Estimate struct {
	Seconds  float64            `json:"seconds"`             // if deployments follow one another
	GPUHours map[string]float64 `json:"gpu_hours,omitempty"` // by GPU type, where they are paid for
	USD      float64            `json:"usd"`
	Unpriced []string           `json:"unpriced,omitempty"` // GPU types without a price: they are not in USD
	Peak     map[string]GPUs    `json:"peak,omitempty"`     // most GPUs held at once, by provider and GPU type
}

// estimate sums up the deployments that run.
func (b *builder) estimate() Estimate {
	e := Estimate{GPUHours: map[string]float64{}, Peak: map[string]GPUs{}}
	busy := b.expect()
	for _, d := range b.deployments {
		deploy := addr.Step{Kind: Deploy, Name: providerName(d.provider), Key: d.key}
		took, runs := busy[deploy]
		if !runs {
			continue
		}
		terms := b.Billing[d.provider.Type]
		seconds := took.Seconds()
		e.Seconds += seconds
		b.checkTTL(d, time.Duration(seconds*float64(time.Second)))
		e.hold(deploy.Name, d.spec.GPUType, d.spec.GPUs, d.provider.Quota)
		if terms.Free {
			continue
		}
		hours := seconds / 3600 * float64(d.spec.GPUs)
		e.GPUHours[d.spec.GPUType] += hours
		price, known := b.price(d.spec.GPUType)
		if !known {
			if !slices.Contains(e.Unpriced, d.spec.GPUType) {
				e.Unpriced = append(e.Unpriced, d.spec.GPUType)
			}
			continue
		}
		e.USD += hours * price
	}
	e.USD = math.Round(e.USD*100) / 100
	return e
}

// price returns what a GPU of a type costs in US dollars per hour: as the suite says, or as the catalogue does.
func (b *builder) price(gpuType string) (float64, bool) {
	if said, ok := b.Suite.GPUs[gpuType]; ok && said.PriceAsOf != "" {
		return said.PricePerHourUSD, true
	}
	known, ok := gpu.Find(gpuType)
	return known.PriceUSD, ok && known.PriceUSD > 0
}

// expect sets how long each step that runs is expected to take, and returns the sum for each deployment.
func (b *builder) expect() map[addr.Step]time.Duration {
	startup := map[addr.Step]time.Duration{}
	for _, d := range b.deployments {
		startup[addr.Step{Kind: Deploy, Name: providerName(d.provider), Key: d.key}] = b.Billing[d.provider.Type].Startup
	}
	busy := map[addr.Step]time.Duration{}
	for i := range b.plan.Steps {
		step := &b.plan.Steps[i]
		if step.Action != Run || step.Deployment.IsZero() {
			continue
		}
		took := b.takes(*step, startup[step.Address])
		step.Expected = stage.Duration(took)
		busy[step.Deployment] += took
	}
	return busy
}

// takes is how long a step is expected to take.
func (b *builder) takes(s Step, startup time.Duration) time.Duration {
	switch s.Address.Kind {
	case Deploy:
		return startup
	case Warmup:
		var cfg stage.WarmupConfig
		if json.Unmarshal(s.Config, &cfg) == nil && cfg.Requests > 0 {
			if cfg.Settle {
				cfg.Requests *= assumedWindows
			}
			cfg.Workload.ThinkTime = think.Time{} // no warm-up pauses
			return b.expected(cfg.Workload, cfg.Requests, cfg.Users, 0)
		}
	case Load:
		var cfg stage.LoadConfig
		if json.Unmarshal(s.Config, &cfg) == nil {
			return b.expected(cfg.Workload, cfg.Workload.Requests, cfg.Users, cfg.RateRPS)
		}
	case FetchPower:
		return assumedPower
	}
	return 0
}

// expected is how long requests of the mean length take: so many users over them, with their pauses, or their arrivals at a rate and the last
// conversation; or the set duration.
func (b *builder) expected(w stage.Workload, requests, users int, rateRPS float64) time.Duration {
	w = b.counted(w)
	a := askOf(b.mean(w.ISL), b.mean(w.OSL), b.mean(w.Turns), w.SharedPrefix, w.ThinkTime.Mean())
	switch {
	case requests == 0:
		return time.Duration(w.Duration)
	case rateRPS > 0:
		return time.Duration(w.Ramp)/2 + time.Duration(float64(requests)/(rateRPS*float64(a.turns))*float64(time.Second)) + time.Duration(a.turns)*(a.takes()+a.think) - a.think
	case users == 0:
		return 0
	}
	waves := (requests + users - 1) / users
	return time.Duration(waves)*(a.takes()+a.think) - a.think
}

// mean is the expected length of a configuration, which names datasets by their digests.
func (b *builder) mean(l length.Lengths) int {
	whole, err := b.plan.Library.Lengths.Resolve(l)
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err)) // group has put them there
	}
	return whole.Mean()
}

// hold counts a deployment into the peak: all side by side as far as the quota goes, or one at a time without one.
func (e *Estimate) hold(provider, gpuType string, count int, quota map[string]int) {
	if e.Peak[provider] == nil {
		e.Peak[provider] = GPUs{}
	}
	if limit, limited := quota[gpuType]; limited {
		e.Peak[provider][gpuType] = min(limit, e.Peak[provider][gpuType]+count)
		return
	}
	e.Peak[provider][gpuType] = max(e.Peak[provider][gpuType], count)
}
