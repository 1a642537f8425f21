package load_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/virtual"
)

// playable is a load that is both measured over HTTP and played without a clock. Users begin spread over a while: those of a crowd wait for each
// other, in groups that a millisecond of the client's makes others of.
type playable struct {
	profile                        string
	users, requests, input, output int
	ramp                           time.Duration
}

// One model, two clocks: what a load measures over HTTP, at speed 1 and at speed 4, is what the same load comes to without a clock. Whoever
// else uses this machine can only add to the difference, so that it must be small in one of a few loads. Where the server says each time that it
// could not write when it should have, there is nothing to hold against the model.
func TestMeansAreTheModels(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes the client the slow part")
	}
	const bound, tries, lateSeconds = 0.05, 5, 0.004
	for name, p := range map[string]playable{
		"graphs":      {"graphs", 32, 96, 1024, 64, 600 * time.Millisecond},
		"modal-eager": {"modal-eager", 16, 32, 930, 32, 100 * time.Millisecond},
	} {
		for _, speed := range []float64{1, 4} {
			t.Run(fmt.Sprintf("%s at speed %g", name, speed), func(t *testing.T) {
				inTime := 0
				for range tries {
					off, lag := p.offModel(t, speed)
					t.Logf("off by %v, chunks by up to %.1f ms (p99)", off, 1e3*lag)
					if worst(off) <= bound {
						return
					}
					if lag < lateSeconds {
						inTime++
					}
				}
				if inTime == 0 {
					t.Skip("this machine is too busy to write chunks when they are due")
				}
				t.Errorf("no load of %d had its means within %g of the model's", tries, bound)
			})
		}
	}
}

func worst(off map[string]float64) float64 {
	return slices.Max(slices.Collect(maps.Values(off)))
}

// offModel measures the load and returns by what share each mean is off what the model says of it, and the simulated seconds by which one chunk in
// a hundred was written off its time.
func (p playable) offModel(t *testing.T, speed float64) (shares map[string]float64, lag float64) {
	t.Helper()
	cfg := simulator.Config{Model: "Qwen3-8B-FP8", Profile: p.profile, Speed: speed}
	e, err := cfg.Engine()
	if err != nil {
		t.Fatal(err)
	}
	played, err := virtual.Play(e, virtual.Load{Users: p.users, Requests: p.requests, PromptTokens: p.input, OutputTokens: p.output, Ramp: p.ramp})
	if err != nil {
		t.Fatal(err)
	}
	server, endpoint := simulate(t, cfg)
	c := cell(p.users)
	c.Workload.ISL, c.Workload.OSL = length.Of(p.input), length.Of(p.output)
	c.Workload.Requests, c.Workload.Ramp = p.requests, stage.Duration(p.ramp)
	task := task(t, endpoint, c)
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	var measured []virtual.Timing
	for _, r := range rows(t, task.Dir) {
		if r.Status != "ok" || int(*r.OSL) != p.output {
			t.Fatalf("row %+v", r)
		}
		measured = append(measured, virtual.Timing{
			Sent: time.Duration(r.TSend), First: time.Duration(*r.TFirstToken), Last: time.Duration(*r.TLastToken), Tokens: p.output, Chunks: int(r.Chunks),
		})
	}
	got, want := virtual.Summarise(measured), virtual.Summarise(played)
	off := func(got, want float64) float64 { return math.Abs(got/want - 1) }
	return map[string]float64{
		"ttft": off(got.TTFTSeconds, want.TTFTSeconds), "tpot": off(got.TPOTSeconds, want.TPOTSeconds), "e2el": off(got.E2ELSeconds, want.E2ELSeconds),
		"interactivity": off(got.Interactivity, want.Interactivity), "output_tps": off(got.OutputTPS, want.OutputTPS),
	}, server.Lag().Seconds() * speed
}
