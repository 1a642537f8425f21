package engine_test

import (
	"testing"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
)

func TestPrefixCache(t *testing.T) {
	blocks := []uint64{1, 2, 3, 4}
	for _, c := range []struct {
		name   string
		edit   func(*engine.Config)
		prompt int
		second []uint64
		want   int // cached tokens of the second request
	}{
		{"off", nil, 64, blocks, 0},
		{"all but the last token's block", func(c *engine.Config) { c.PrefixCache = true }, 64, blocks, 48},
		{"with a tail", func(c *engine.Config) { c.PrefixCache = true }, 70, blocks, 64},
		{"half the prompt", func(c *engine.Config) { c.PrefixCache = true }, 70, []uint64{1, 2, 8, 9}, 32},
		{"another prompt", func(c *engine.Config) { c.PrefixCache = true }, 70, []uint64{5, 6, 7, 8}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := exact(c.edit).engine(t)
			cached := map[uint64]int{}
			for id, b := range [][]uint64{blocks, c.second} {
				if err := e.Submit(engine.Request{ID: uint64(id), At: e.Now(), PromptTokens: c.prompt, OutputTokens: 2, Blocks: b}); err != nil {
					t.Fatal(err)
				}
				drain(e, func(m engine.Emission) { cached[m.ID] = m.CachedTokens })
			}
			if cached[0] != 0 || cached[1] != c.want {
				t.Errorf("cached %v, want 0 and then %d", cached, c.want)
			}
			if st := e.Stats(); st.PrefixHits != c.want {
				t.Errorf("prefix hits %d, want %d", st.PrefixHits, c.want)
			}
		})
	}
}

func TestPrefixCacheForgetsTheLeastRecentlyUsed(t *testing.T) {
	e := exact(func(c *engine.Config) { c.PrefixCache, c.KVCapacityTokens = true, 7*engine.BlockTokens }).engine(t)
	ask := func(id uint64, blocks ...uint64) int {
		cached := 0
		if err := e.Submit(engine.Request{ID: id, At: e.Now(), PromptTokens: 33, OutputTokens: 1, Blocks: blocks}); err != nil {
			t.Fatal(err)
		}
		drain(e, func(m engine.Emission) { cached = m.CachedTokens })
		return cached
	}
	ask(1, 10, 11)
	ask(2, 20, 21)
	ask(3, 10, 11) // used again
	ask(4, 30, 31) // takes what is unused for longest: 20, 21 among it
	if got := ask(5, 10, 11); got != 32 {
		t.Errorf("recently used prefix: %d tokens cached, want 32", got)
	}
	if got := ask(6, 20, 21); got != 0 {
		t.Errorf("least recently used prefix: %d tokens cached, want 0", got)
	}
}

func TestHashBlocks(t *testing.T) {
	prompt := make([]int64, 50)
	for i := range prompt {
		prompt[i] = int64(i)
	}
	a := engine.HashBlocks(prompt)
	prompt[20] = 99
	b := engine.HashBlocks(prompt)
	if len(a) != 3 || len(b) != 3 {
		t.Fatalf("%d and %d blocks, want the 3 full ones of 50 tokens", len(a), len(b))
	}
	for i, same := range []bool{true, false, false} {
		if (a[i] == b[i]) != same {
			t.Errorf("block %d: equal = %v, want %v: only what follows a difference differs", i, a[i] == b[i], same)
		}
	}
}
