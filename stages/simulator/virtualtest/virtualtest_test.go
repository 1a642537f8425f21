package virtualtest_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
	"github.com/strangeloopio/inferencex/stages/simulator/virtualtest"
)

// steady makes every step last 10 ms, and a request's way there and back 4 ms.
var steady = hardware.Profile{Name: "steady", HostSeconds: 0.010, NetworkSeconds: 0.004}

func newEngine(t *testing.T, prefixCache bool) *engine.Engine {
	t.Helper()
	model, err := hardware.LookupModel("Qwen3-8B-FP8")
	if err != nil {
		t.Fatal(err)
	}
	gpu, err := hardware.LookupGPU("H100")
	if err != nil {
		t.Fatal(err)
	}
	machine, err := hardware.New(hardware.Config{Model: model, GPU: gpu, GPUs: 1, Profile: steady})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(engine.Config{Machine: machine, PrefixCache: prefixCache, StreamInterval: 2})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestPlay(t *testing.T) {
	load := virtualtest.Load{Users: 2, Requests: 5, PromptTokens: 64, OutputTokens: 7, Ramp: 4 * time.Millisecond}
	timings, err := virtualtest.Play(newEngine(t, false), load)
	if err != nil {
		t.Fatal(err)
	}
	const ms = time.Millisecond
	// The first step is the first user's alone and ends at 12 ms; a token takes 2 ms back. The second one joins at 12 ms. 7 tokens take 7 steps,
	// and come in chunks of 1, 2, 2 and 2.
	want := []virtualtest.Timing{
		{Sent: 0, First: 14 * ms, Last: 74 * ms, Tokens: 7, Chunks: 4},
		{Sent: 2 * ms, First: 24 * ms, Last: 84 * ms, Tokens: 7, Chunks: 4},
		{Sent: 74 * ms, First: 94 * ms, Last: 154 * ms, Tokens: 7, Chunks: 4},
		{Sent: 84 * ms, First: 104 * ms, Last: 164 * ms, Tokens: 7, Chunks: 4},
		{Sent: 154 * ms, First: 174 * ms, Last: 234 * ms, Tokens: 7, Chunks: 4},
	}
	if diff := cmp.Diff(want, timings); diff != "" {
		t.Errorf("timings (-want +got):\n%s", diff)
	}
	got := virtualtest.Summarise(timings)
	for _, v := range []struct {
		name      string
		got, want float64
	}{
		{"ttft", got.TTFTSeconds, (.014 + .022 + .020 + .020 + .020) / 5},
		{"tpot", got.TPOTSeconds, .010},
		{"e2el", got.E2ELSeconds, (.074 + .082 + .080 + .080 + .080) / 5},
		{"interactivity", got.Interactivity, 100},
		{"tokens/s", got.OutputTPS, 35 / .234},
		{"chunks/s", got.ChunksPerSecond, 20 / .234},
		{"concurrency", got.Concurrency, .396 / .234},
	} {
		if math.Abs(v.got-v.want) > 1e-9*v.want {
			t.Errorf("%s = %v, want %v", v.name, v.got, v.want)
		}
	}
}

// A load finds what the one before has left, and nothing of its own prompts but what they share.
func TestPlaySharesPrefixes(t *testing.T) {
	e := newEngine(t, true)
	load := virtualtest.Load{Users: 1, Requests: 3, PromptTokens: 64, OutputTokens: 1, SharedTokens: 32}
	for i, want := range []int{2 * 32, 3 * 32} {
		before := e.Stats().PrefixHits
		if _, err := virtualtest.Play(e, load); err != nil {
			t.Fatal(err)
		}
		if got := e.Stats().PrefixHits - before; got != want {
			t.Errorf("load %d found %d tokens, want %d", i, got, want)
		}
	}
	const wrong = "play a load: submit request 0: 64 prompt and 0 output tokens: at least one of each is needed"
	load.OutputTokens = 0
	if _, err := virtualtest.Play(e, load); err == nil || err.Error() != wrong {
		t.Errorf("error %v, want %s", err, wrong)
	}
}
