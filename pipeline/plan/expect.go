package plan

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/think"
)

// What an estimate assumes where nothing is known: slow enough that a run seldom costs more than its plan
// says.
const (
	assumedTPOT    = 25 * time.Millisecond  // one output token of one user
	assumedPrefill = 100 * time.Microsecond // one input token
	assumedWindows = 4                      // of one request for each user, until a warm-up has settled
	assumedPower   = 15 * time.Second       // fetching samples and letting the GPUs cool between cells
)

// acquiredBy returns the deployments that the steps acquire.
func acquiredBy(steps []Step, all []*deployment) []*deployment {
	runs := map[addr.Step]bool{}
	for _, step := range steps {
		if step.Address.Kind == Deploy && step.Action == Run {
			runs[step.Address] = true
		}
	}
	var acquired []*deployment
	for _, d := range all {
		if runs[d.at(Deploy)] {
			acquired = append(acquired, d)
		}
	}
	return acquired
}

// busyTimes returns how long the steps on each deployment are expected to take, by its deploy step.
func busyTimes(steps []Step) map[addr.Step]time.Duration {
	busy := map[addr.Step]time.Duration{}
	for _, step := range steps {
		if !step.Deployment.IsZero() {
			busy[step.Deployment] += time.Duration(step.Expected)
		}
	}
	return busy
}

// meanLengths tells the mean lengths of workloads as configurations hold them, which name datasets by their
// digests.
type meanLengths struct {
	texts   map[string]means // by textsKey
	columns length.Columns
}

// of is the mean of lengths, in tokens.
func (m meanLengths) of(l length.Lengths) int {
	whole, err := m.columns.Resolve(l)
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err)) // libraryOf has put them there
	}
	return whole.Mean()
}

// counted is a workload with the mean lengths of its texts in place of the texts.
func (m meanLengths) counted(w stage.Workload) stage.Workload {
	if w.Dataset == nil {
		return w
	}
	known, ok := m.texts[textsKey(w)]
	if !ok {
		panic("plan: a workload whose texts were not counted") // measureTexts counts those of all cells
	}
	w.ISL = length.Of(known.isl)
	if w.OSL.Kind == length.Text {
		w.OSL = length.Of(known.osl)
	}
	return w
}

// expect returns how long each step is expected to take; 0 for one that does not run, or where there is
// nothing to go by.
func expect(steps []Step, deployments []*deployment, providers Providers, mean meanLengths) []time.Duration {
	startup := map[addr.Step]time.Duration{}
	for _, d := range deployments {
		startup[d.at(Deploy)] = providers.Billing(d.provider.Type).Startup
	}
	expected := make([]time.Duration, len(steps))
	for i, step := range steps {
		switch {
		case step.Action != Run:
		case step.Address.Kind == Deploy:
			expected[i] = startup[step.Address]
		default:
			expected[i] = mean.takes(step)
		}
	}
	return expected
}

// takes is how long a step that needs a server is expected to take.
func (m meanLengths) takes(s Step) time.Duration {
	switch s.Address.Kind {
	case Warmup:
		var cfg stage.WarmupConfig
		if json.Unmarshal(s.Config, &cfg) == nil && cfg.Requests > 0 {
			if cfg.Settle {
				cfg.Requests *= assumedWindows
			}
			cfg.Workload.ThinkTime = think.Time{} // no warm-up pauses
			return m.expected(cfg.Workload, cfg.Requests, cfg.Users, 0)
		}
	case Load:
		var cfg stage.LoadConfig
		if json.Unmarshal(s.Config, &cfg) == nil {
			return m.expected(cfg.Workload, cfg.Workload.Requests, cfg.Users, cfg.RateRPS)
		}
	case FetchPower:
		return assumedPower
	}
	return 0
}

// expected is how long requests of the mean length take: so many users over them, with their pauses, or their
// arrivals at a rate and the last conversation; or the set duration.
func (m meanLengths) expected(w stage.Workload, requests, users int, rateRPS float64) time.Duration {
	w = m.counted(w)
	a := askOf(m.of(w.ISL), m.of(w.OSL), m.of(w.Turns), w.SharedPrefix, w.ThinkTime.Mean())
	conversation := time.Duration(a.turns)*(a.takes()+a.think) - a.think
	switch {
	case requests == 0:
		return time.Duration(w.Duration)
	case rateRPS > 0:
		arrivals := time.Duration(float64(requests) / (rateRPS * float64(a.turns)) * float64(time.Second))
		return time.Duration(w.Ramp)/2 + arrivals + conversation
	case users == 0:
		return 0
	}
	waves := (requests + users - 1) / users
	return time.Duration(waves)*(a.takes()+a.think) - a.think
}
