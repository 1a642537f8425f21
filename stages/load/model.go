package load

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
	"github.com/strangeloopio/inferencex/schemas/workload/think"
	"github.com/strangeloopio/inferencex/schemas/workload/trace"
	"github.com/strangeloopio/inferencex/stages/traffic"
	"github.com/strangeloopio/inferencex/stages/traffic/arrival"
)

// modelOf returns the load model of a cell that begins at startNS. recorded is the trace that it repeats; nil: none.
func modelOf(cfg stage.LoadConfig, recorded *trace.Trace, startNS int64, scope [sha256.Size]byte) traffic.Model {
	seed := binary.BigEndian.Uint64(scope[:])
	pauses := think.NewDraws(cfg.Workload.ThinkTime, cfg.Seed, cfg.Trial)
	switch {
	case recorded != nil:
		return traffic.NewOpen(startNS, replay(cfg, recorded), connectionsOf(cfg))
	case cfg.RateRPS > 0:
		return traffic.NewOpen(startNS, arrival.New(gapsOf(cfg), ratesOf(cfg)), connectionsOf(cfg)).WithTurns(pauses, endOf(cfg, startNS))
	case cfg.Workload.Phases != nil:
		return traffic.NewPhased(startNS, cfg.Workload.Phases, seed).Thinking(pauses)
	default:
		return traffic.NewClosed(cfg.Users, startNS, rampOf(cfg), time.Duration(cfg.Workload.Duration), seed).Thinking(pauses)
	}
}

// endOf is when the last request of a load can be due that begins at startNS; 0 where no duration says.
func endOf(cfg stage.LoadConfig, startNS int64) int64 {
	if cfg.Workload.Duration <= 0 {
		return 0
	}
	return startNS + int64(cfg.Workload.Duration)
}

// traceOf returns the trace that a cell repeats; nil: none.
func traceOf(cfg stage.LoadConfig, env stage.Env) (*trace.Trace, error) {
	if cfg.Workload.Trace == nil {
		return nil, nil
	}
	return env.Library.Traces.Resolve(*cfg.Workload.Trace)
}

// requestsOf is how many requests a cell sends; 0: until its duration is over.
func requestsOf(cfg stage.LoadConfig, recorded *trace.Trace) int {
	switch n := cfg.Workload.Requests; {
	case recorded == nil:
		return n
	case n == 0:
		return recorded.Before(time.Duration(cfg.Workload.Duration))
	default:
		return min(n, len(recorded.Requests))
	}
}

// replay returns the schedule of a trace's requests.
func replay(cfg stage.LoadConfig, recorded *trace.Trace) traffic.Schedule {
	due := make([]time.Duration, requestsOf(cfg, recorded))
	for i := range due {
		due[i] = recorded.Due(i)
	}
	return arrival.NewReplay(due)
}

// ratesOf returns the rates of an open loop over time.
func ratesOf(cfg stage.LoadConfig) []arrival.Segment {
	if cfg.Workload.Phases != nil {
		return ratesOfPhases(cfg.Workload.Phases)
	}
	var rates []arrival.Segment
	ramp, duration := time.Duration(cfg.Workload.Ramp), time.Duration(cfg.Workload.Duration)
	if ramp > 0 {
		rates = append(rates, arrival.Segment{To: cfg.RateRPS, Length: ramp})
		duration -= min(duration, ramp)
	}
	return append(rates, arrival.Segment{From: cfg.RateRPS, To: cfg.RateRPS, Length: duration})
}

func ratesOfPhases(phases phase.Phases) []arrival.Segment {
	var rates []arrival.Segment
	before := 0.0
	for _, p := range phases {
		if p.Ramp > 0 {
			rates = append(rates, arrival.Segment{From: before, To: p.RateRPS, Length: p.Ramp})
		}
		if hold := p.Duration - p.Ramp; hold > 0 {
			rates = append(rates, arrival.Segment{From: p.RateRPS, To: p.RateRPS, Length: hold})
		}
		before = p.RateRPS
	}
	return rates
}

// gapsOf returns the gaps between the requests of an open loop. They follow from the suite's seed and the trial: cells that are compared have
// the same arrivals, but for their rates, and what differs between them is not the luck of the draw.
func gapsOf(cfg stage.LoadConfig) arrival.Gaps {
	seed := sha256.Sum256(fmt.Appendf(nil, "arrivals %d %d", cfg.Seed, cfg.Trial))
	rng := rand.New(rand.NewPCG(binary.BigEndian.Uint64(seed[:8]), binary.BigEndian.Uint64(seed[8:16])))
	switch cfg.Workload.Arrival {
	case "constant":
		return arrival.Constant()
	case "gamma":
		return arrival.Gamma(cfg.Workload.Burstiness, rng)
	default:
		return arrival.Poisson(rng)
	}
}

const (
	assumedAnswer     = 5.0 // seconds that an answer of an open loop is taken to last
	mostConnections   = 256 // that are dialled before it is known how long answers do last
	fewestConnections = 8
)

// connectionsOf is how many requests are expected in flight at first.
func connectionsOf(cfg stage.LoadConfig) int {
	if cfg.Users > 0 {
		return cfg.Users
	}
	n := min(max(fewestConnections, math.Ceil(assumedAnswer*float64(max(1, cfg.Workload.Turns.Mean()))*max(cfg.RateRPS, cfg.Workload.Phases.PeakRPS()))), mostConnections)
	if most := cfg.Workload.MaxInFlight; most > 0 {
		n = min(n, float64(most))
	}
	return int(n)
}

// cutAfter returns when what is still in flight is cut off: a duration bounds a load, whatever its server does.
func cutAfter(w stage.Workload) time.Duration {
	if w.Duration <= 0 {
		return 0
	}
	return time.Duration(w.Duration + w.Grace)
}

// rampOf returns over how long the users begin: what the workload says, or the default but no more than a hundredth of a set duration.
func rampOf(cfg stage.LoadConfig) time.Duration {
	if ramp := time.Duration(cfg.Workload.Ramp); ramp > 0 {
		return ramp
	}
	if duration := time.Duration(cfg.Workload.Duration); duration > 0 {
		return min(traffic.DefaultRamp, duration/100)
	}
	return traffic.DefaultRamp
}
