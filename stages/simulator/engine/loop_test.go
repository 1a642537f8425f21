package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
)

// setup names what a test's engine runs on.
type setup struct {
	model, gpu, profile string
	gpus                int
	edit                func(*engine.Config)
	editProfile         func(*hardware.Profile)
}

func (s setup) engine(t testing.TB) *engine.Engine {
	t.Helper()
	e, err := engine.New(s.config(t))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (s setup) config(t testing.TB) engine.Config {
	t.Helper()
	model, err := hardware.LookupModel(or(s.model, "Qwen3-8B-FP8"))
	if err != nil {
		t.Fatal(err)
	}
	gpu, err := hardware.LookupGPU(or(s.gpu, "H100"))
	if err != nil {
		t.Fatal(err)
	}
	profile, err := hardware.LookupProfile(or(s.profile, "graphs"))
	if err != nil {
		t.Fatal(err)
	}
	if s.editProfile != nil {
		s.editProfile(&profile)
	}
	m, err := hardware.New(hardware.Config{Model: model, GPU: gpu, GPUs: max(1, s.gpus), Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	cfg := engine.Config{Machine: m, PrefixCache: profile.PrefixCache, Seed: 7}
	if s.edit != nil {
		s.edit(&cfg)
	}
	return cfg
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// timing is what a client sees of one request.
type timing struct {
	sent, first, last time.Duration
	tokens            int
}

// closedLoop keeps `users` requests in flight until `total` are done, and
// returns them in order of submission.
func closedLoop(t testing.TB, e *engine.Engine, users, total, prompt, output int, blocks []uint64) []timing {
	t.Helper()
	out := make([]timing, 0, total)
	submit := func(at time.Duration) {
		r := engine.Request{ID: uint64(len(out)), At: at, PromptTokens: prompt, OutputTokens: output, Blocks: blocks}
		if err := e.Submit(r); err != nil {
			t.Fatal(err)
		}
		out = append(out, timing{sent: at})
	}
	start := e.Now()
	for range min(users, total) {
		submit(start)
	}
	done := 0
	drain(e, func(m engine.Emission) {
		r := &out[m.ID]
		r.tokens += m.Tokens
		if m.First {
			r.first = m.At
		}
		if m.Finished {
			r.last = m.At
			if done++; len(out) < total {
				submit(m.At)
			}
		}
	})
	if done != total {
		t.Fatalf("%d of %d requests finished", done, total)
	}
	return out
}

// summary is what the published tables report of a cell.
type summary struct {
	tokensPerSecond, latency, ttft, interactivity float64 // means over requests; interactivity is their mean 1/TPOT
	concurrency                                   float64
}

func summarise(reqs []timing) summary {
	var s summary
	first, last := reqs[0].sent, time.Duration(0)
	tokens := 0
	for _, r := range reqs {
		last = max(last, r.last)
		tokens += r.tokens
		s.latency += (r.last - r.sent).Seconds()
		s.ttft += (r.first - r.sent).Seconds()
		s.interactivity += float64(r.tokens-1) / (r.last - r.first).Seconds()
	}
	n, span := float64(len(reqs)), (last - first).Seconds()
	s.concurrency = s.latency / span
	s.latency, s.ttft, s.interactivity = s.latency/n, s.ttft/n, s.interactivity/n
	s.tokensPerSecond = float64(tokens) / span
	return s
}

// drain advances event by event until nothing is left.
func drain(e *engine.Engine, each func(engine.Emission)) {
	for next, ok := e.Next(); ok; next, ok = e.Next() {
		for _, m := range e.Advance(next) {
			each(m)
		}
	}
}

// trace prints every emission of a run, for comparing runs byte for byte.
func trace(e *engine.Engine, advance func(*engine.Engine) []engine.Emission) string {
	s := ""
	for _, ok := e.Next(); ok; _, ok = e.Next() {
		for _, m := range advance(e) {
			s += fmt.Sprintf("%+v\n", m)
		}
	}
	return s
}
