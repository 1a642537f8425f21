package engine_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
	"github.com/strangeloopio/inferencex/stages/simulator/sensor"
)

// Below saturation, which is where no more requests fit into a step or into the KV cache, more users are never worse.
func TestThroughputGrowsWithUsers(t *testing.T) {
	for _, c := range []struct {
		setup
		users int // the most
	}{
		{setup{}, 256},
		{setup{profile: "offline"}, 256},
		{setup{profile: "modal-eager"}, 128},
		{setup{model: "Llama-3.1-70B", gpus: 4}, 256},
		{setup{model: "Mistral-7B-v0.3", gpu: "L40S"}, 128},
		{setup{model: "Qwen3-8B", gpu: "L4"}, 16},
	} {
		c.editProfile = func(p *hardware.Profile) { p.Jitter = 0 }
		t.Run(strings.Join([]string{or(c.model, "Qwen3-8B-FP8"), or(c.gpu, "H100"), or(c.profile, "graphs")}, " "), func(t *testing.T) {
			last := 0.0
			for users := 1; users <= c.users; users *= 2 {
				e := c.engine(t)
				s := summarise(closedLoop(t, e, users, 8*users, 512, 128, nil))
				if st := e.Stats(); s.tokensPerSecond < last || st.Preemptions > 0 {
					t.Errorf("%d users: %.0f tok/s, half of them had %.0f: want no less below saturation (%d preemptions)", users, s.tokensPerSecond, last, st.Preemptions)
				}
				last = s.tokensPerSecond
			}
		})
	}
}

func TestTensorParallelLowersTPOTOf70B(t *testing.T) {
	for _, c := range []struct {
		gpu   string
		users int
	}{{"B200", 1}, {"B200", 8}, {"B200", 64}, {"MI300X", 8}} {
		tpot := func(gpus int) float64 {
			s := setup{model: "Llama-3.1-70B", gpu: c.gpu, gpus: gpus}
			return 1 / summarise(closedLoop(t, s.engine(t), c.users, 2*c.users, 512, 64, nil)).interactivity
		}
		if one, two := tpot(1), tpot(2); two >= one {
			t.Errorf("%s, %d users: TPOT %.1f ms on one GPU and %.1f ms on two: want less on two", c.gpu, c.users, one*1e3, two*1e3)
		}
	}
}

// With one prompt for all, the prefix cache leaves next to nothing of the prefill. That shows in the time to the first token and not in the time
// of the others.
func TestPrefixCacheCollapsesTTFT(t *testing.T) {
	prompt := make([]uint64, 8000/engine.BlockTokens)
	for i := range prompt {
		prompt[i] = uint64(i + 1)
	}
	run := func(on bool) summary {
		e := setup{profile: "offline", edit: func(c *engine.Config) { c.PrefixCache = on }}.engine(t)
		closedLoop(t, e, 1, 1, 8000, 1, prompt)
		return summarise(closedLoop(t, e, 1, 20, 8000, 64, prompt))
	}
	with, without := run(true), run(false)
	if with.ttft > without.ttft/10 {
		t.Errorf("TTFT %.1f ms with the cache and %.1f ms without: want a tenth or less", with.ttft*1e3, without.ttft*1e3)
	}
	if change := with.interactivity/without.interactivity - 1; math.Abs(change) > 0.01 {
		t.Errorf("the cache changes the later tokens' speed by %.1f %%", change*100)
	}
}

// Energy is the integral of power, whichever way it is read: from the spans, from the boards' counter, or from their 1-second averages.
func TestEnergyIsTheIntegralOfPower(t *testing.T) {
	const gpus = 2
	var joules, idleWatts float64
	var busy time.Duration
	var boards *sensor.Recorder
	s := setup{gpus: gpus, edit: func(c *engine.Config) {
		idleWatts = c.Machine.ContextWatts()
		boards = sensor.New(sensor.Config{GPUs: gpus, Exact: true, ContextWatts: idleWatts, TDPWatts: c.Machine.Config().GPU.TDPWatts})
		c.OnSpan = func(sp engine.Span) {
			joules += sp.PowerWatts * (sp.End - sp.Start).Seconds()
			busy += sp.End - sp.Start
			boards.Add(sensor.Span{Start: sp.Start, End: sp.End, Watts: sp.PowerWatts, Busy: sp.Busy, Bandwidth: sp.Bandwidth})
		}
	}}
	e := s.engine(t)
	const pad = 2 * time.Second
	e.Advance(pad)
	for _, users := range []int{1, 8, 64} {
		closedLoop(t, e, users, 4*users, 512, 128, nil)
		e.Advance(e.Now() + 500*time.Millisecond)
	}
	e.Advance((e.Now() + pad).Truncate(sensor.Period))
	joules += idleWatts * (e.Now() - busy).Seconds()

	counter, average := 0.0, idleWatts*e.Now().Seconds()
	for _, r := range boards.Read(e.Now(), sensor.Window, e.Now()) {
		average += (r.AverageWatts - idleWatts) * sensor.Period.Seconds() / gpus // idle at both ends, where windows are cut
		if r.At == e.Now() {
			counter += r.EnergyJoules / gpus
		}
	}
	for name, got := range map[string]float64{"the counter": counter, "the integral of the averages": average} {
		if math.Abs(got/joules-1) > 0.005 {
			t.Errorf("%s: %.1f J for each GPU, the spans make %.1f J: more than .5 %% apart", name, got, joules)
		}
	}
}

// L = λW, with each of the three measured on its own: what the engine says is inside, the rate at which requests come, and how long each stays.
func TestLittlesLaw(t *testing.T) {
	for _, c := range []struct {
		name   string
		rate   float64 // requests per second
		blocks int     // of the KV cache
	}{{"nearly idle", 1, 20000}, {"busy", 20, 20000}, {"with preemption", 12, 240}} {
		t.Run(c.name, func(t *testing.T) {
			e := exact(func(cfg *engine.Config) { cfg.KVCapacityTokens = c.blocks * engine.BlockTokens }).engine(t)
			rng := rand.New(rand.NewPCG(3, 5))
			const n, look = 600, 5 * time.Millisecond
			at, stay, inside, looks := time.Duration(0), 0.0, 0, 0
			sent := make([]time.Duration, 0, n)
			for left := n; left > 0; {
				for len(sent) < n && at <= e.Now()+look {
					r := engine.Request{ID: uint64(len(sent)), At: at, PromptTokens: 256, OutputTokens: 50 + rng.IntN(150)}
					if err := e.Submit(r); err != nil {
						t.Fatal(err)
					}
					sent = append(sent, at)
					at += time.Duration(rng.ExpFloat64() / c.rate * float64(time.Second))
				}
				for _, m := range e.Advance(e.Now() + look) {
					if m.Finished {
						stay += (m.At - sent[m.ID]).Seconds()
						left--
					}
				}
				st := e.Stats()
				inside += st.Running + st.Waiting
				looks++
			}
			l, lambda, w := float64(inside)/float64(looks), n/e.Now().Seconds(), stay/n
			t.Logf("L = %.2f, λ = %.2f/s, W = %.3f s, %d preemptions", l, lambda, w, e.Stats().Preemptions)
			if math.Abs(l/(lambda*w)-1) > 0.02 {
				t.Errorf("L = %.3f and λW = %.3f: more than 2 %% apart", l, lambda*w)
			}
		})
	}
}

// Spans cover disjoint stretches in order, and a busy engine has no gap.
func TestSpansTileTheBusyTime(t *testing.T) {
	var spans []engine.Span
	e := setup{profile: "offline", edit: func(c *engine.Config) {
		c.OnSpan = func(s engine.Span) { spans = append(spans, s) }
	}}.engine(t)
	closedLoop(t, e, 4, 40, 100, 50, nil)
	for i, s := range spans {
		if s.End <= s.Start {
			t.Fatalf("span %d: %+v: must not be empty", i, s)
		}
		if i > 0 && s.Start != spans[i-1].End {
			t.Fatalf("span %d starts at %v, the one before ends at %v: offline work leaves no gap", i, s.Start, spans[i-1].End)
		}
	}
	if got := e.Stats().Steps; got != len(spans) {
		t.Errorf("%d steps, %d spans", got, len(spans))
	}
}

func TestColdStallDelaysOnlyTheFirst(t *testing.T) {
	var stall engine.Span
	e := setup{
		editProfile: func(p *hardware.Profile) { p.ColdStallSeconds = map[int]float64{1: 2}; p.Jitter = 0 },
		edit: func(c *engine.Config) {
			c.OnSpan = func(s engine.Span) {
				if s.Busy == 0 {
					stall = s
				}
			}
		},
	}.engine(t)
	lone := summarise(closedLoop(t, e, 1, 1, 100, 10, nil))
	cold := summarise(closedLoop(t, e, 2, 2, 100, 10, nil))
	warm := summarise(closedLoop(t, e, 2, 2, 100, 10, nil))
	if d := cold.ttft - warm.ttft; math.Abs(d-2) > 1e-6 || lone.ttft > warm.ttft {
		t.Errorf("cold TTFT is %.3f s over the warm one, want 2 s; a lone request before it had %.3f s, two together %.3f s", d, lone.ttft, warm.ttft)
	}
	if got := (stall.End - stall.Start).Seconds(); got != 2 || stall.PowerWatts <= 0 {
		t.Errorf("stall span %+v, want 2 s at the idle power with a context", stall)
	}
}
