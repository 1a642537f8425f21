package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
)

// action is a submission, or the cancellation of an earlier one.
type action struct {
	at      time.Duration
	request engine.Request
	cancel  bool // of the request with that id
}

// FuzzSchedule submits and cancels at random with hardly any KV cache and holds the engine to what never changes: every token of every request
// comes once and in time order, nobody overtakes, the cache is empty at the end, and it does not matter how the time is stepped through.
func FuzzSchedule(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint8(2), uint8(9), true, []byte("\x00\x05\x09\x01\x20\x30\x02\x11\x08\x83\x00\x00"))
	f.Add(uint64(2), uint8(9), uint8(7), uint8(0), false, []byte("submit and cancel, again and again, under pressure"))
	f.Add(uint64(3), uint8(4), uint8(3), uint8(20), true, []byte("\x00\x30\x30\x00\x30\x30\x00\x30\x30\x00\x30\x30\x85\x00\x01"))
	f.Fuzz(func(t *testing.T, seed uint64, blocks, seqs, budget uint8, prefix bool, script []byte) {
		s := setup{profile: "modal-eager", edit: func(c *engine.Config) {
			c.Seed, c.PrefixCache = seed, prefix
			c.KVCapacityTokens = (int(blocks%24) + 2) * engine.BlockTokens
			c.MaxNumSeqs = int(seqs%8) + 1
			c.MaxNumBatchedTokens = c.MaxNumSeqs + int(budget)
			c.StreamInterval = int(seed%3) + 1
		}}
		actions := parse(script, s.engine(t).CapacityTokens())
		want := play(t, s, actions, func(e *engine.Engine, next time.Duration) time.Duration { return next })
		for name, hop := range map[string]func(*engine.Engine, time.Duration) time.Duration{
			"in leaps of an hour": func(e *engine.Engine, _ time.Duration) time.Duration { return e.Now() + time.Hour },
			"in hops of 7 ms":     func(e *engine.Engine, _ time.Duration) time.Duration { return e.Now() + 7*time.Millisecond },
		} {
			if got := play(t, s, actions, hop); got != want {
				t.Errorf("%s (-by event +so):\n%s", name, cmp.Diff(want, got))
			}
		}
	})
}

// parse makes actions of three bytes each: what and when, the prompt, the output.
func parse(script []byte, capacity int) []action {
	var out []action
	at := time.Duration(0)
	for ; len(script) >= 3 && len(out) < 60; script = script[3:] {
		at += time.Duration(script[0]&0x0f) * 5 * time.Millisecond
		if script[0]&0x80 != 0 {
			out = append(out, action{at: at, cancel: true, request: engine.Request{ID: uint64(script[2])}})
			continue
		}
		r := engine.Request{ID: uint64(len(out)), At: at, PromptTokens: min(int(script[1])+1, capacity-1)}
		r.OutputTokens = min(int(script[2]%64)+1, capacity-r.PromptTokens)
		for i := range r.PromptTokens / engine.BlockTokens { // four prompts that part ways after two blocks
			r.Blocks = append(r.Blocks, uint64(i)<<8|uint64(script[0]>>4&3)*uint64(min(i/2, 1)))
		}
		out = append(out, action{at: at, request: r})
	}
	return out
}

// play runs the actions and returns all that came out. hop says how far to advance, given the time of the next event.
func play(t *testing.T, s setup, actions []action, hop func(*engine.Engine, time.Duration) time.Duration) string {
	t.Helper()
	e := s.engine(t)
	var trace strings.Builder
	watch := watcher{t: t, e: e, asked: map[uint64]engine.Request{}, tokens: map[uint64]int{}, done: map[uint64]bool{}}
	to := func(limit time.Duration) {
		for next, ok := e.Next(); ok && next <= limit; next, ok = e.Next() {
			for _, m := range e.Advance(min(hop(e, next), limit)) {
				watch.emission(m)
				fmt.Fprintf(&trace, "%+v\n", m)
			}
			watch.stats()
		}
		if limit < forever {
			e.Advance(limit)
		}
	}
	for _, a := range actions {
		to(a.at)
		if a.cancel {
			cancelled := e.Cancel(a.request.ID)
			fmt.Fprintf(&trace, "cancel %d: %v\n", a.request.ID, cancelled)
			watch.done[a.request.ID] = watch.done[a.request.ID] || cancelled
			continue
		}
		if err := e.Submit(a.request); err != nil {
			t.Fatal(err)
		}
		watch.asked[a.request.ID] = a.request
	}
	to(forever)
	watch.end()
	return trace.String()
}

const forever = 1 << 62

// watcher holds an engine to what never changes.
type watcher struct {
	t      *testing.T
	e      *engine.Engine
	asked  map[uint64]engine.Request
	tokens map[uint64]int
	done   map[uint64]bool // finished or cancelled
	last   time.Duration
	newest uint64 // of those with a first token
}

func (w *watcher) emission(m engine.Emission) {
	asked := w.asked[m.ID]
	first := w.tokens[m.ID] == 0
	w.tokens[m.ID] += m.Tokens
	switch {
	case w.done[m.ID]:
		w.t.Fatalf("%+v: of a request that is over", m)
	case m.At < w.last || m.At < asked.At:
		w.t.Fatalf("%+v: out of time order", m)
	case m.Tokens < 1 || m.First != first || m.Finished != (w.tokens[m.ID] == asked.OutputTokens):
		w.t.Fatalf("%+v: %d of %d tokens so far", m, w.tokens[m.ID], asked.OutputTokens)
	case m.CachedTokens >= asked.PromptTokens || m.CachedTokens%engine.BlockTokens != 0:
		w.t.Fatalf("%+v: more in the cache than whole blocks before the last of %d tokens", m, asked.PromptTokens)
	case first && m.ID < w.newest:
		w.t.Fatalf("%+v: request %d, which came later, had its first token before", m, w.newest)
	}
	if first {
		w.newest = m.ID
	}
	w.last, w.done[m.ID] = m.At, m.Finished
}

func (w *watcher) stats() {
	if st := w.e.Stats(); st.KVUsage < 0 || st.KVUsage > 1 || st.Running < 0 || st.Waiting < 0 || st.PrefixHits > st.PrefixQueries {
		w.t.Fatalf("impossible %+v", st)
	}
}

func (w *watcher) end() {
	for id := range w.asked {
		if !w.done[id] {
			w.t.Errorf("request %d never ends: %d of %d tokens", id, w.tokens[id], w.asked[id].OutputTokens)
		}
	}
	if st := w.e.Stats(); st.Running != 0 || st.Waiting != 0 || st.KVUsage != 0 {
		w.t.Errorf("at the end: %+v, want nothing running, waiting or held", st)
	}
}
