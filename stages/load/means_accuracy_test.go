//go:build accuracy

package load_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/client/nullserver/controltest"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/engine"
	"github.com/strangeloopio/inferencex/stages/simulator/virtualtest"
)

// playable is a load that is both measured over HTTP and played without a clock. Users begin spread over a
// while: those of a crowd wait for each other, in groups that a millisecond of the client's makes others of.
type playable struct {
	profile                        string
	users, requests, input, output int
	ramp                           time.Duration
	speed                          float64
	replayed                       bool // the model gets the arrivals that the server has recorded
}

// One model, two clocks: what a load measures over HTTP, at speed 1 and at speed 4, is what the same load
// comes to without a clock. At speed 4 a millisecond of this machine is four of the server's, and puts a
// request into another of its short steps: there the model is held to the requests that came. Where the
// server says itself that it could not write when it should have, there is nothing to hold against the model.
func TestAccuracyMeansAreTheModels(t *testing.T) {
	const bound, lateSeconds = 0.05, 0.004
	for name, p := range map[string]playable{
		"graphs at speed 1":      {"graphs", 32, 96, 1024, 64, 600 * time.Millisecond, 1, false},
		"graphs at speed 4":      {"graphs", 32, 96, 1024, 64, 600 * time.Millisecond, 4, true},
		"modal-eager at speed 1": {"modal-eager", 16, 32, 930, 32, 100 * time.Millisecond, 1, false},
		"modal-eager at speed 4": {"modal-eager", 16, 32, 930, 32, 100 * time.Millisecond, 4, false},
	} {
		t.Run(name, func(t *testing.T) {
			controltest.Judge(t, func() (found controltest.Finding) {
				off, lag := p.offModel(t)
				t.Logf("off by %v, chunks by up to %.1f ms (p99)", off, 1e3*lag)
				if worst(off) > bound {
					found.Off = fmt.Sprintf("the means are off the model's by %v, want at most %g of each", off, bound)
				}
				if lag >= lateSeconds {
					found.Late = fmt.Sprintf("the server wrote one chunk in a hundred %.1f ms off its time", 1e3*lag)
				}
				return found
			})
		})
	}
}

func worst(off map[string]float64) float64 {
	return slices.Max(slices.Collect(maps.Values(off)))
}

// offModel measures the load and returns by what share each mean is off what the model says of it, and the
// simulated seconds by which one chunk in a hundred was written off its time.
func (p playable) offModel(t *testing.T) (shares map[string]float64, lag float64) {
	t.Helper()
	cfg := simulator.Config{Model: "Qwen3-8B-FP8", Profile: p.profile, Speed: p.speed}
	server, endpoint := simulate(t, cfg)
	c := cell(p.users)
	c.Workload.ISL, c.Workload.OSL = length.Of(p.input), length.Of(p.output)
	c.Workload.Requests, c.Workload.Ramp = p.requests, stage.Duration(p.ramp)
	task := task(t, endpoint, c)
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	var measured []virtualtest.Timing
	for _, r := range rows(t, task.Dir) {
		if r.Status != "ok" || int(*r.OSL) != p.output {
			t.Fatalf("row %+v", r)
		}
		measured = append(measured, virtualtest.Timing{
			Sent: time.Duration(r.TSend), First: time.Duration(*r.TFirstToken), Last: time.Duration(*r.TLastToken), Tokens: p.output, Chunks: int(r.Chunks),
		})
	}
	model := p.play(t, cfg)
	if p.replayed {
		model = replay(t, cfg, server.Requests())
	}
	got, want := virtualtest.Summarise(measured), virtualtest.Summarise(model)
	off := func(got, want float64) float64 { return math.Abs(got/want - 1) }
	return map[string]float64{
		"ttft": off(got.TTFTSeconds, want.TTFTSeconds), "tpot": off(got.TPOTSeconds, want.TPOTSeconds), "e2el": off(got.E2ELSeconds, want.E2ELSeconds),
		"interactivity": off(got.Interactivity, want.Interactivity), "output_tps": off(got.OutputTPS, want.OutputTPS),
	}, server.Lag().Seconds() * p.speed
}

// play sends the load without a clock.
func (p playable) play(t *testing.T, cfg simulator.Config) []virtualtest.Timing {
	t.Helper()
	played, err := virtualtest.Play(newEngine(t, cfg), virtualtest.Load{
		Users: p.users, Requests: p.requests, PromptTokens: p.input, OutputTokens: p.output, Ramp: p.ramp,
	})
	if err != nil {
		t.Fatal(err)
	}
	return played
}

func newEngine(t *testing.T, cfg simulator.Config) *engine.Engine {
	t.Helper()
	e, err := cfg.Engine()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// replay has a server's requests come again when they came, without a clock, and returns the timings of those
// that have an id of a client.
func replay(t *testing.T, cfg simulator.Config, records []simulator.RequestRecord) []virtualtest.Timing {
	t.Helper()
	e := newEngine(t, cfg)
	slices.SortFunc(records, func(a, b simulator.RequestRecord) int { return cmp.Compare(a.ArrivalNS, b.ArrivalNS) })
	timings := make([]virtualtest.Timing, len(records))
	receive := func(emissions []engine.Emission) {
		for _, m := range emissions {
			timing := &timings[m.ID]
			timing.Tokens += m.Tokens
			timing.Chunks++
			if m.First {
				timing.First = m.At
			}
			timing.Last = m.At
		}
	}
	for i, r := range records {
		at := time.Duration(r.ArrivalNS)
		for next, busy := e.Next(); busy && next < at; next, busy = e.Next() {
			receive(e.Advance(next))
		}
		at = max(at, e.Now())
		timings[i].Sent = at
		request := engine.Request{ID: uint64(i), At: at, PromptTokens: r.PromptTokens, OutputTokens: r.CompletionTokens}
		if err := e.Submit(request); err != nil {
			t.Fatal(err)
		}
	}
	for next, busy := e.Next(); busy; next, busy = e.Next() {
		receive(e.Advance(next))
	}
	var loads []virtualtest.Timing
	for i, r := range records {
		if r.XRequestID != "" {
			loads = append(loads, timings[i])
		}
	}
	return loads
}
