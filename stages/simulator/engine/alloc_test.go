package engine_test

import (
	"testing"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
)

// Once it has grown to its load, the engine allocates nothing, so that a fast simulation is not slowed down by the garbage of its own clock.
func TestAdvanceAllocatesNothing(t *testing.T) {
	prompt := make([]uint64, 20)
	for i := range prompt {
		prompt[i] = uint64(i + 1)
	}
	for _, c := range []struct {
		name   string
		output int // short ones come and go
		blocks int // 0: enough
		prefix bool
	}{
		{"decoding", 100000, 0, false},
		{"coming and going", 10, 0, false},
		{"with a prefix cache", 10, 0, true},
		{"with preemption", 300, 200, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := exact(func(cfg *engine.Config) {
				cfg.PrefixCache = c.prefix
				cfg.KVCapacityTokens = 2e6
				if c.blocks > 0 {
					cfg.KVCapacityTokens = c.blocks * engine.BlockTokens
				}
			}).engine(t)
			id := uint64(0)
			submit := func() {
				if err := e.Submit(engine.Request{ID: id, At: e.Now(), PromptTokens: 330, OutputTokens: c.output, Blocks: prompt}); err != nil {
					t.Fatal(err)
				}
				id++
			}
			advance := func() {
				next, _ := e.Next()
				for _, m := range e.Advance(next) {
					if m.Finished {
						submit()
					}
				}
			}
			for range 16 {
				submit()
			}
			for range 20000 {
				advance()
			}
			if got := testing.AllocsPerRun(2000, advance); got != 0 {
				t.Errorf("%v allocations for each step, want none", got)
			}
			if got := e.Stats().Preemptions; (got > 0) != (c.blocks > 0) {
				t.Errorf("%d preemptions with %d blocks", got, c.blocks)
			}
		})
	}
}
