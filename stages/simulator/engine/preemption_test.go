package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
)

// small is an engine with so many blocks.
func small(blocks int, prefix bool) setup {
	return exact(func(c *engine.Config) { c.KVCapacityTokens, c.PrefixCache = blocks*engine.BlockTokens, prefix })
}

// Two requests of 24 tokens have two blocks each, which are all. At 33 tokens the first needs a third one, and the second gives way.
func TestPreemption(t *testing.T) {
	for _, prefix := range []bool{false, true} {
		t.Run(fmt.Sprintf("prefix cache %v", prefix), func(t *testing.T) {
			e := small(4, prefix).engine(t)
			submitAll(t, e, 2, engine.Request{PromptTokens: 24, OutputTokens: 20})
			order, usage := "", []float64{}
			drain(e, func(m engine.Emission) {
				order += fmt.Sprint(m.ID)
				usage = append(usage, e.Stats().KVUsage)
			})
			if want := "010101010101010101" + "00000000000" + "11111111111"; order != want {
				t.Errorf("order of tokens %s, want %s", order, want)
			}
			if got := slices.Max(usage); got != 1 {
				t.Errorf("the KV cache was used to %v at most, want all of it", got)
			}
			want := engine.Stats{PromptTokens: 48, Preemptions: 1, Steps: 1 + 8 + 11 + 11}
			if prefix {
				want.PrefixQueries = 48
			}
			if diff := cmp.Diff(want, e.Stats()); diff != "" {
				t.Errorf("at the end (-want +got):\n%s", diff)
			}
		})
	}
}

// What was preempted finds its own blocks in the prefix cache, output too, unless they were needed: it computes the rest only.
func TestPreemptedRequestFindsItsBlocks(t *testing.T) {
	resume := func(prefix bool) time.Duration {
		e := small(300, prefix).engine(t)
		submitAll(t, e, 2, engine.Request{PromptTokens: 2390, OutputTokens: 60}) // 150 blocks each, and then four more
		last, gap := time.Duration(0), time.Duration(0)
		drain(e, func(m engine.Emission) {
			if m.ID == 1 {
				last, gap = m.At, max(gap, m.At-last)
			}
		})
		if got := e.Stats().Preemptions; got != 1 {
			t.Errorf("prefix cache %v: %d preemptions, want 1", prefix, got)
		}
		return gap
	}
	with, without := resume(true), resume(false)
	if prefill := without - with; prefill < 20*time.Millisecond {
		t.Errorf("the second request stands still for %v with the prefix cache and for %v without: want 2,400 tokens' prefill less with it", with, without)
	}
}

// Under pressure throughput falls, but no token is lost, nobody overtakes and nobody starves.
func TestKVPressure(t *testing.T) {
	run := func(blocks int) (summary, engine.Stats) {
		e := small(blocks, false).engine(t)
		reqs := closedLoop(t, e, 32, 200, 256, 256, nil)
		for i, r := range reqs {
			if r.tokens != 256 {
				t.Errorf("%d blocks: request %d got %d tokens, want 256", blocks, i, r.tokens)
			}
			if i > 0 && (r.first < reqs[i-1].first || r.last < reqs[i-1].last) {
				t.Errorf("%d blocks: request %d overtook the one before it: %+v, %+v", blocks, i, r, reqs[i-1])
			}
		}
		return summarise(reqs), e.Stats()
	}
	last := 0.0
	for _, c := range []struct {
		blocks    int // a request grows to 32
		preempted bool
	}{{40, true}, {150, true}, {500, true}, {32 * 32, false}} {
		s, stats := run(c.blocks)
		t.Logf("%4d blocks: %.0f tok/s, %d preemptions", c.blocks, s.tokensPerSecond, stats.Preemptions)
		if (stats.Preemptions > 0) != c.preempted {
			t.Errorf("%d blocks: %d preemptions, want some = %v", c.blocks, stats.Preemptions, c.preempted)
		}
		if s.tokensPerSecond <= last {
			t.Errorf("%d blocks: %.0f tok/s, less had %.0f: want more with more blocks", c.blocks, s.tokensPerSecond, last)
		}
		last = s.tokensPerSecond
	}
}

// A block that several requests share counts once, and one that is only remembered not at all.
func TestKVUsageIsOccupancy(t *testing.T) {
	e := small(20, true).engine(t)
	blocks := []uint64{1, 2, 3}
	submitAll(t, e, 2, engine.Request{PromptTokens: 50, OutputTokens: 10, Blocks: blocks})
	e.Advance(0)
	if got := e.Stats().KVUsage; got != 5.0/20 {
		t.Errorf("two requests of 4 blocks, 3 of them shared, use %v of 20 blocks, want %v", got, 5.0/20)
	}
	drain(e, func(engine.Emission) {})
	if got := e.Stats().KVUsage; got != 0 {
		t.Errorf("nothing runs, and %v of the blocks are in use", got)
	}
}

// A preempted request that is cancelled leaves the queue without a step of its own.
func TestCancelThePreempted(t *testing.T) {
	e := small(4, false).engine(t)
	submitAll(t, e, 2, engine.Request{PromptTokens: 24, OutputTokens: 20})
	tokens := map[uint64]int{}
	for next, ok := e.Next(); ok; next, ok = e.Next() {
		for _, m := range e.Advance(next) {
			tokens[m.ID] += m.Tokens
		}
		if st := e.Stats(); st.Preemptions == 1 && st.Waiting == 1 && !e.Cancel(1) {
			t.Error("Cancel says that there is no such request")
		}
	}
	if diff := cmp.Diff(map[uint64]int{0: 20, 1: 9}, tokens); diff != "" {
		t.Errorf("tokens by request (-want +got):\n%s", diff)
	}
	if got := e.Stats().Steps; got != 20 {
		t.Errorf("%d steps, want the 20 of the request that was not cancelled", got)
	}
}

// A step in which somebody lost its place lets nobody in, not even where blocks are left: the next chunk of what was preempted would fit.
func TestNobodyJoinsWhileAnotherIsPreempted(t *testing.T) {
	e := exact(func(c *engine.Config) {
		c.KVCapacityTokens, c.MaxNumSeqs, c.MaxNumBatchedTokens = 12*engine.BlockTokens, 4, 17
	}).engine(t)
	for id, r := range []engine.Request{{PromptTokens: 16, OutputTokens: 100}, {PromptTokens: 160, OutputTokens: 20}} {
		r.ID = uint64(id)
		if err := e.Submit(r); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	for next, ok := e.Next(); ok; next, ok = e.Next() {
		e.Advance(next)
		if st := e.Stats(); st.Preemptions > seen {
			if seen = st.Preemptions; st.Running != 1 || st.Waiting != 1 {
				t.Errorf("%d run and %d wait in a step with a preemption, want one of each", st.Running, st.Waiting)
			}
		}
	}
	if seen == 0 {
		t.Error("nothing was preempted")
	}
}

// Two requests whose prompts are not known to be alike share nothing, neither of their prompts nor of their outputs: the second one, preempted
// with 12 blocks of the 13 that it needs, waits until the first has ended.
func TestOutputIsSharedWithNobody(t *testing.T) {
	e := small(16, true).engine(t)
	for id, r := range []engine.Request{{PromptTokens: 16, OutputTokens: 100}, {PromptTokens: 160, OutputTokens: 50}} {
		r.ID = uint64(id)
		if err := e.Submit(r); err != nil {
			t.Fatal(err)
		}
	}
	order := ""
	drain(e, func(m engine.Emission) { order += fmt.Sprint(m.ID) })
	want := strings.Repeat("01", 33) + strings.Repeat("0", 67) + strings.Repeat("1", 17)
	if order != want {
		t.Errorf("order of tokens\n%s, want\n%s", order, want)
	}
}
