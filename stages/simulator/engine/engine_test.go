package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
)

// exact is an engine without jitter, network or cold start: whole steps only.
func exact(edit func(*engine.Config)) setup {
	return setup{
		profile: "offline", edit: edit,
		editProfile: func(p *hardware.Profile) { p.Jitter = 0 },
	}
}

// submitAll submits n like requests at time 0.
func submitAll(t *testing.T, e *engine.Engine, n int, r engine.Request) {
	t.Helper()
	for i := range n {
		r.ID = uint64(i)
		if err := e.Submit(r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	run := func(seed uint64, advance func(*engine.Engine) []engine.Emission) string {
		e := setup{profile: "modal-eager", edit: func(c *engine.Config) { c.Seed = seed; c.MaxNumSeqs = 8 }}.engine(t)
		for i := range 20 {
			r := engine.Request{ID: uint64(i), At: time.Duration(i) * 37 * time.Millisecond, PromptTokens: 100 + i, OutputTokens: 20 + i}
			if err := e.Submit(r); err != nil {
				t.Fatal(err)
			}
		}
		return trace(e, advance)
	}
	byEvent := func(e *engine.Engine) []engine.Emission {
		next, _ := e.Next()
		return e.Advance(next)
	}
	want := run(1, byEvent)
	for _, c := range []struct {
		name    string
		seed    uint64
		advance func(*engine.Engine) []engine.Emission
		same    bool
	}{
		{"again", 1, byEvent, true},
		{"in leaps of 1 s", 1, func(e *engine.Engine) []engine.Emission { return e.Advance(e.Now() + time.Second) }, true},
		{"in hops of 1 ms", 1, func(e *engine.Engine) []engine.Emission { return e.Advance(e.Now() + time.Millisecond) }, true},
		{"another seed", 2, byEvent, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := run(c.seed, c.advance); (got == want) != c.same {
				t.Errorf("same = %v, want %v\n%s", got == want, c.same, cmp.Diff(want, got))
			}
		})
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*engine.Config)
		req  engine.Request
		n    int
		want string // what is running and waiting once the first step has begun
	}{
		{"all fit", nil, engine.Request{PromptTokens: 10, OutputTokens: 5}, 4, "running 4 waiting 0"},
		{"max_num_seqs", func(c *engine.Config) { c.MaxNumSeqs = 3 }, engine.Request{PromptTokens: 10, OutputTokens: 5}, 4, "running 3 waiting 1"},
		{"token budget", func(c *engine.Config) { c.MaxNumSeqs, c.MaxNumBatchedTokens = 10, 25 }, engine.Request{PromptTokens: 10, OutputTokens: 5}, 4, "running 3 waiting 1"},
		{"kv cache", func(c *engine.Config) { c.KVCapacityTokens = 64 }, engine.Request{PromptTokens: 20, OutputTokens: 12}, 4, "running 2 waiting 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := exact(c.edit).engine(t)
			submitAll(t, e, c.n, c.req)
			e.Advance(0)
			st := e.Stats()
			if got := fmt.Sprintf("running %d waiting %d", st.Running, st.Waiting); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			tokens := 0
			drain(e, func(m engine.Emission) { tokens += m.Tokens })
			if want := c.n * c.req.OutputTokens; tokens != want {
				t.Errorf("%d tokens came out, want %d", tokens, want)
			}
			if st := e.Stats(); st.Running != 0 || st.Waiting != 0 || st.KVUsage != 0 {
				t.Errorf("at the end: %+v, want nothing running, waiting or held", st)
			}
		})
	}
}

// 100 prompt tokens against 40 a step: three steps of prefill, and a decoding
// sequence goes on meanwhile.
func TestChunkedPrefill(t *testing.T) {
	e := exact(func(c *engine.Config) { c.MaxNumSeqs, c.MaxNumBatchedTokens = 4, 41 }).engine(t)
	var times []time.Duration
	submit := func(r engine.Request) {
		if err := e.Submit(r); err != nil {
			t.Fatal(err)
		}
	}
	submit(engine.Request{ID: 1, PromptTokens: 10, OutputTokens: 10})
	next, _ := e.Next()
	e.Advance(next)
	submit(engine.Request{ID: 2, At: e.Now(), PromptTokens: 100, OutputTokens: 2})
	var order []string
	drain(e, func(m engine.Emission) {
		order = append(order, fmt.Sprintf("%d", m.ID))
		times = append(times, m.At)
	})
	// Step 1 is request 1's prefill; 2, 3 and 4 carry chunks of 40, 40 and 20 beside its decoding.
	want := []string{"1", "1", "1", "1", "2", "1", "2", "1", "1", "1", "1", "1"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("order of tokens (-want +got):\n%s", diff)
	}
	if chunked, plain := times[2]-times[1], times[9]-times[8]; chunked <= plain {
		t.Errorf("a step with a chunk took %v, one without %v: want more with it", chunked, plain)
	}
}

func TestFirstComeFirstServed(t *testing.T) {
	e := exact(func(c *engine.Config) { c.MaxNumSeqs = 1 }).engine(t)
	submitAll(t, e, 4, engine.Request{PromptTokens: 5, OutputTokens: 3})
	var order []uint64
	drain(e, func(m engine.Emission) {
		if m.Finished {
			order = append(order, m.ID)
		}
	})
	if diff := cmp.Diff([]uint64{0, 1, 2, 3}, order); diff != "" {
		t.Errorf("order of completion (-want +got):\n%s", diff)
	}
}

func TestCancelFreesThePlace(t *testing.T) {
	for _, c := range []struct {
		name   string
		cancel uint64
		steps  int // before the cancellation
	}{{"running", 0, 3}, {"waiting", 1, 3}, {"before any step", 0, 0}} {
		t.Run(c.name, func(t *testing.T) {
			e := exact(func(c *engine.Config) { c.MaxNumSeqs = 1 }).engine(t)
			submitAll(t, e, 3, engine.Request{PromptTokens: 5, OutputTokens: 50})
			for range c.steps {
				next, _ := e.Next()
				e.Advance(next)
			}
			if !e.Cancel(c.cancel) {
				t.Error("Cancel says that there was no such request")
			}
			if e.Cancel(c.cancel) {
				t.Error("a second Cancel says that there was such a request")
			}
			finished := map[uint64]bool{}
			drain(e, func(m engine.Emission) {
				if m.ID == c.cancel {
					t.Errorf("emission %+v of the cancelled request", m)
				}
				finished[m.ID] = finished[m.ID] || m.Finished
			})
			if len(finished) != 2 {
				t.Errorf("finished %v, want the two others", finished)
			}
			if st := e.Stats(); st.Running != 0 || st.Waiting != 0 || st.KVUsage != 0 {
				t.Errorf("at the end: %+v, want nothing running, waiting or held", st)
			}
		})
	}
}

func TestStreamInterval(t *testing.T) {
	e := exact(func(c *engine.Config) { c.StreamInterval = 4 }).engine(t)
	submitAll(t, e, 1, engine.Request{PromptTokens: 5, OutputTokens: 11})
	var tokens []int
	drain(e, func(m engine.Emission) { tokens = append(tokens, m.Tokens) })
	if diff := cmp.Diff([]int{1, 4, 4, 2}, tokens); diff != "" {
		t.Errorf("tokens per emission (-want +got):\n%s", diff)
	}
}

// Half the network lies before the engine and half behind it; the front end
// admits one request after the other.
func TestAdmissionAndNetwork(t *testing.T) {
	s := exact(nil)
	s.editProfile = func(p *hardware.Profile) { p.Jitter, p.AdmissionSeconds, p.NetworkSeconds = 0, 0.010, 0.200 }
	e := s.engine(t)
	submitAll(t, e, 3, engine.Request{PromptTokens: 1, OutputTokens: 1})
	step := e.Stats().Steps
	if next, ok := e.Next(); !ok || next != 110*time.Millisecond || step != 0 {
		t.Fatalf("first event at %v (%v), want the first admission at 110 ms", next, ok)
	}
	var first []time.Duration
	drain(e, func(m engine.Emission) { first = append(first, m.At) })
	for i, at := range first {
		if low, high := time.Duration(210+10*i)*time.Millisecond, time.Duration(230+10*i)*time.Millisecond; at < low || at > high {
			t.Errorf("request %d: first token at %v, want between %v and %v", i, at, low, high)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	if _, err := engine.New(engine.Config{}); err == nil || err.Error() != "engine: Config.Machine is not set; make one with hardware.New" {
		t.Errorf("New without a machine: %v", err)
	}
	for _, c := range []struct {
		name string
		edit func(*engine.Config)
		want string
	}{
		{"negative", func(c *engine.Config) { c.StreamInterval = -1 }, "engine: stream_interval = -1: must be positive, or 0 for the default"},
		{"budget", func(c *engine.Config) { c.MaxNumSeqs, c.MaxNumBatchedTokens = 17, 16 }, "engine: max_num_batched_tokens = 16 is below max_num_seqs = 17: a full batch could not decode one token each"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := engine.New(exact(c.edit).config(t)); err == nil || err.Error() != c.want {
				t.Errorf("error %v\nwant  %s", err, c.want)
			}
		})
	}
	e := exact(func(c *engine.Config) { c.KVCapacityTokens = 100 }).engine(t)
	e.Advance(time.Second)
	if err := e.Submit(engine.Request{ID: 9, At: time.Second, PromptTokens: 1, OutputTokens: 1}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		req  engine.Request
		want string
	}{
		{"past", engine.Request{ID: 1, PromptTokens: 1, OutputTokens: 1}, "submit request 1: its time 0s is before 1s, which has passed"},
		{"empty", engine.Request{ID: 1, At: time.Second, OutputTokens: 1}, "submit request 1: 0 prompt and 1 output tokens: at least one of each is needed"},
		{"too long", engine.Request{ID: 1, At: time.Second, PromptTokens: 90, OutputTokens: 7}, "submit request 1: 90 prompt and 7 output tokens exceed the KV cache of 96 tokens"},
		{"twice", engine.Request{ID: 9, At: time.Second, PromptTokens: 1, OutputTokens: 1}, "submit request 9: a request of that id is unfinished"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := e.Submit(c.req); err == nil || err.Error() != c.want {
				t.Errorf("error %v\nwant  %s", err, c.want)
			}
		})
	}
}
