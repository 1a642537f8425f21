package load

import (
	"math"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
	"github.com/strangeloopio/inferencex/stages/traffic/arrival"
)

// TestARampIsPartOfTheDuration protects the length of an open loop: over its ramp the rate rises within the
// duration, and not before it. A load that were longer by its ramp would send more at the full rate than the
// suite asks for. The times are those of the schedule, which no clock keeps here.
func TestARampIsPartOfTheDuration(t *testing.T) {
	const rate, s = 20, stage.Duration(time.Second)
	for name, tc := range map[string]struct {
		workload stage.Workload
		requests float64 // that the rates come to
		ends     time.Duration
	}{
		"no ramp":               {stage.Workload{Duration: 30 * s}, 600, 30 * time.Second},
		"a ramp":                {stage.Workload{Ramp: 10 * s, Duration: 30 * s, Grace: s}, 100 + 400, 30 * time.Second},
		"nearly all of it":      {stage.Workload{Ramp: 29 * s, Duration: 30 * s}, 290 + 20, 30 * time.Second},
		"requests end the load": {stage.Workload{Ramp: 10 * s, Requests: 300}, 300, 20 * time.Second},
		"phases, a ramp in one": {stage.Workload{Duration: 30 * s, Phases: phase.Phases{
			{RateRPS: rate, Duration: 10 * time.Second},
			{RateRPS: 2 * rate, Ramp: 10 * time.Second, Duration: 20 * time.Second},
		}}, 200 + 300 + 400, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			tc.workload.Arrival = "constant"
			cfg := stage.LoadConfig{Workload: tc.workload, RateRPS: rate, Trial: 1, Seed: 7}
			due := dueOf(cfg)
			last := time.Duration(due[len(due)-1])
			if float64(len(due)) != tc.requests || last >= tc.ends || last < tc.ends-time.Second/rate {
				t.Errorf("%d requests are due, the last after %v; want %.0f within %v",
					len(due), last, tc.requests, tc.ends)
			}
			cfg.Workload.Arrival = "poisson"
			due = dueOf(cfg)
			// Four standard deviations of the count, and of a gap what one in e to the eighth is beyond.
			off, last := float64(len(due))-tc.requests, time.Duration(due[len(due)-1])
			if math.Abs(off) > 4*math.Sqrt(tc.requests) || cfg.Workload.Duration > 0 &&
				(last >= tc.ends || last < tc.ends-8*time.Second/rate) {
				t.Errorf("of a poisson process %d are due, the last after %v; want about %.0f within %v",
					len(due), last, tc.requests, tc.ends)
			}
			if cfg.Workload.Duration == 0 {
				return
			}
			if end := time.Duration(endOf(cfg, 7)) - 7; end != tc.ends {
				t.Errorf("a conversation goes on until %v, want %v", end, tc.ends)
			}
			if cut := cutAfter(cfg.Workload); cut != tc.ends+time.Duration(cfg.Workload.Grace) {
				t.Errorf("what is in flight is cut off after %v, want %v and the grace", cut, tc.ends)
			}
		})
	}
}

// dueOf returns when the requests of an open loop are due, as modelOf has them.
func dueOf(cfg stage.LoadConfig) []int64 {
	schedule := arrival.New(gapsOf(cfg), ratesOf(cfg))
	var due []int64
	for n := cfg.Workload.Requests; n == 0 || len(due) < n; {
		next, ok := schedule.Next()
		if !ok {
			break
		}
		due = append(due, next)
	}
	return due
}
