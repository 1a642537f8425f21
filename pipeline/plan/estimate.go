package plan

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/schemas/gpu"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// Estimate is what a plan is expected to take. It is a rough figure made before anything ran: 40 output
// tokens per second and user are assumed.
type Estimate struct {
	Seconds  float64            `json:"seconds"`             // if deployments follow one another
	GPUHours map[string]float64 `json:"gpu_hours,omitempty"` // by GPU type, where they are paid for
	USD      float64            `json:"usd"`
	Unpriced []string           `json:"unpriced,omitempty"` // GPU types without a price: they are not in USD
	Peak     map[string]GPUs    `json:"peak,omitempty"`     // most GPUs held at once, by provider and GPU type
}

// estimate sums up the deployments that are acquired. busy is how long each is expected to be held, by its
// deploy step.
func estimate(acquired []*deployment, busy map[addr.Step]time.Duration, cfg Config) Estimate {
	e := Estimate{GPUHours: map[string]float64{}, Peak: map[string]GPUs{}}
	for _, d := range acquired {
		seconds := busy[d.at(Deploy)].Seconds()
		e.Seconds += seconds
		e.hold(providerName(d.provider), d.spec.GPUType, d.spec.GPUs, d.provider.Quota)
		if cfg.Providers.Billing(d.provider.Type).Free {
			continue
		}
		hours := seconds / 3600 * float64(d.spec.GPUs)
		e.GPUHours[d.spec.GPUType] += hours
		price, known := priceOf(cfg.Suite, d.spec.GPUType)
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

// priceOf returns what a GPU of a type costs in US dollars per hour: as the suite says, or as the catalogue
// does.
func priceOf(s *suite.Suite, gpuType string) (float64, bool) {
	if said, ok := s.GPUs[gpuType]; ok && said.PriceAsOf != "" {
		return said.PricePerHourUSD, true
	}
	known, ok := gpu.Find(gpuType)
	return known.PriceUSD, ok && known.PriceUSD > 0
}

// hold counts a deployment into the peak: all side by side as far as the quota goes, or one at a time without
// one.
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

// overBudget refuses a plan that is estimated to cost more than the suite allows.
func overBudget(budget suite.Budget, e Estimate) hcl.Diagnostics {
	if budget.USD <= 0 || e.USD <= budget.USD {
		return nil
	}
	return hcl.Diagnostics{{
		Severity: hcl.DiagError, Summary: "Over budget", Subject: &budget.Range,
		Detail: fmt.Sprintf("The plan is estimated to cost $%.2f and the budget is $%.2f. "+
			"Measure fewer cells at a time with -target, make the workload smaller, or raise the budget.",
			e.USD, budget.USD),
	}}
}
