package engine_test

import (
	"math"
	"testing"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
)

// The published six-cell table: every cell of an endpoint in the order it was
// run, the first one cold, one prompt shared by all requests.
func TestSeedTable(t *testing.T) {
	prompt := make([]uint64, 930/engine.BlockTokens)
	for i := range prompt {
		prompt[i] = uint64(i + 1)
	}
	type cell struct {
		users                                int
		perGPU, latency, interactivity, ttft float64
	}
	for gpus, cells := range map[int][]cell{
		1: {{128, 1255, 10.2, 29.2, 1.39}},
		2: {{128, 653, 9.8, 30.1, 1.23}, {64, 582, 9.1, 30.3, .66}, {32, 458, 6.8, 40.5, .41}},
		4: {{32, 165, 9.4, 34.4, 1.78}, {16, 105, 7.2, 37.9, .39}},
	} {
		e := setup{profile: "modal-eager", gpus: gpus}.engine(t)
		for _, c := range cells {
			got := summarise(closedLoop(t, e, c.users, 50, 930, 256, prompt))
			got.tokensPerSecond /= float64(gpus)
			t.Logf("%d GPUs, %3d users: %4.0f tok/s/GPU (%4.0f), latency %.2f s (%.1f), %.1f tok/s/user (%.1f), TTFT %.2f s (%.2f)",
				gpus, c.users, got.tokensPerSecond, c.perGPU, got.latency, c.latency, got.interactivity, c.interactivity, got.ttft, c.ttft)
			for _, v := range []struct {
				name      string
				got, want float64
			}{
				{"tok/s/GPU", got.tokensPerSecond, c.perGPU},
				{"latency", got.latency, c.latency},
				{"interactivity", got.interactivity, c.interactivity},
				{"TTFT", got.ttft, c.ttft},
			} {
				if math.Abs(v.got/v.want-1) > 0.15 {
					t.Errorf("%d GPUs, %d users: %s %.2f, published %.2f: more than 15 %% apart", gpus, c.users, v.name, v.got, v.want)
				}
			}
		}
	}
}

// An anchor of the graphs profile: 50 users on one H100, 1024 in, 256 out, as the fit to published rows has it.
func TestGraphsAnchor(t *testing.T) {
	joules := 0.0
	e := setup{edit: func(c *engine.Config) {
		c.OnSpan = func(s engine.Span) { joules += s.PowerWatts * (s.End - s.Start).Seconds() }
	}}.engine(t)
	reqs := closedLoop(t, e, 50, 400, 1024, 256, nil)
	s := summarise(reqs)
	watts := joules / e.Now().Seconds()
	t.Logf("%.0f tok/s, %.0f W, %.0f tok/s/kW", s.tokensPerSecond, watts, s.tokensPerSecond/watts*1e3)
	for _, v := range []struct {
		name      string
		got, want float64
	}{{"tok/s", s.tokensPerSecond, 3670}, {"W", watts, 504}, {"tok/s/kW", s.tokensPerSecond / watts * 1e3, 7290}} {
		if math.Abs(v.got/v.want-1) > 0.10 {
			t.Errorf("%s = %.0f, want %.0f within 10 %%", v.name, v.got, v.want)
		}
	}
}
