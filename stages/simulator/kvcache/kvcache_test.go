package kvcache

import (
	"fmt"
	"testing"
)

// ask gives a table the keys and blocks of a prompt of whole blocks and one token more, and returns how many blocks were shared.
func ask(t *testing.T, p *Pool, keys ...uint64) (*Table, int) {
	t.Helper()
	table := &Table{Keys: keys}
	shared := p.Match(keys)
	if tokens := len(keys)*BlockTokens + 1; !p.Reserve(table, shared, tokens) {
		t.Fatalf("no room for %d tokens: %d of %d blocks in use", tokens, p.InUse(), p.Limit())
	} else {
		p.Publish(table, tokens)
	}
	return table, shared
}

func TestBlocksComeWithTokens(t *testing.T) {
	p := New(3, true)
	var table Table
	for _, c := range []struct {
		tokens int
		fits   bool
		inUse  int
	}{{1, true, 1}, {16, true, 1}, {17, true, 2}, {33, true, 3}, {49, false, 3}, {48, true, 3}} {
		if fits := p.Reserve(&table, 0, c.tokens); fits != c.fits || p.InUse() != c.inUse {
			t.Errorf("%d tokens: fit = %v with %d blocks in use, want %v with %d", c.tokens, fits, p.InUse(), c.fits, c.inUse)
		}
	}
	if p.Release(&table); p.InUse() != 0 {
		t.Errorf("%d blocks in use after the release, want none", p.InUse())
	}
}

func TestSharedBlocksCountOnce(t *testing.T) {
	p := New(10, true)
	a, _ := ask(t, p, 1, 2, 3)
	b, shared := ask(t, p, 1, 2, 4)
	if shared != 2 || p.InUse() != 6 {
		t.Errorf("%d blocks shared and %d in use, want 2 and 6: two tables of four", shared, p.InUse())
	}
	if p.Release(a); p.InUse() != 4 {
		t.Errorf("%d blocks in use, want the 4 of the other table", p.InUse())
	}
	if p.Release(b); p.InUse() != 0 {
		t.Errorf("%d blocks in use, want none", p.InUse())
	}
	if got := p.Match([]uint64{1, 2, 3}); got != 3 {
		t.Errorf("%d blocks found after the release, want all 3", got)
	}
}

// Blocks that were never used go first, then those unused for longest, and of one table the last.
func TestEviction(t *testing.T) {
	p := New(8, true)
	for _, c := range []struct {
		keys   []uint64
		shared int
	}{
		{[]uint64{10, 11}, 0},
		{[]uint64{20, 21}, 0},
		{[]uint64{10, 11}, 2}, // used again
		{[]uint64{30, 31}, 0}, // takes the last new block and the unnamed ones of the first two
		{nil, 0},              // takes 21
		{[]uint64{20, 21}, 1}, // takes 11
		{[]uint64{10, 11}, 1},
	} {
		table, shared := ask(t, p, c.keys...)
		if shared != c.shared {
			t.Errorf("%d: %d blocks found, want %d", c.keys, shared, c.shared)
		}
		p.Release(table)
	}
}

// Two copies of one content are one name: that of the newer, which stays when the older is given away.
func TestCopies(t *testing.T) {
	p := New(5, true)
	older, _ := ask(t, p, 1)
	newer := &Table{Keys: []uint64{1}}
	if !p.Reserve(newer, 0, BlockTokens) { // computed itself, as the last block of a prompt is
		t.Fatal("no room for a copy")
	}
	p.Publish(newer, BlockTokens)
	p.Release(older)
	for range 2 { // the last blocks that were never used, and then the older copy among others
		table := &Table{}
		if !p.Reserve(table, 0, 3*BlockTokens) {
			t.Fatal("no room for three blocks")
		}
		p.Release(table)
	}
	if got := p.Match([]uint64{1}); got != 1 {
		t.Error("the newer copy is not found")
	}
	p.Release(newer)
}

// What a request shares must not be what it takes: the free blocks are counted without it.
func TestSharedBlocksAreNotFree(t *testing.T) {
	p := New(4, true)
	table, _ := ask(t, p, 1, 2)
	p.Release(table)
	again := &Table{Keys: []uint64{1, 2}}
	if p.Reserve(again, p.Match(again.Keys), 5*BlockTokens) {
		t.Error("5 blocks of 4 were reserved")
	}
	if p.InUse() != 0 || len(again.blocks) != 0 {
		t.Errorf("a reservation that failed holds %d blocks, the pool counts %d", len(again.blocks), p.InUse())
	}
	if !p.Reserve(again, p.Match(again.Keys), 4*BlockTokens) || p.InUse() != 4 {
		t.Errorf("4 blocks of 4 were not reserved: %d in use", p.InUse())
	}
}

func TestWithoutCachingNothingIsFound(t *testing.T) {
	p := New(4, false)
	table, _ := ask(t, p, 1, 2)
	if got := p.Match(table.Keys); got != 0 {
		t.Errorf("%d blocks found, want none", got)
	}
}

// FuzzPool reserves, publishes and releases at random and holds the pool against a count of its own.
func FuzzPool(f *testing.F) {
	f.Add(uint8(3), []byte{0x00, 0x40, 0x13, 0x80, 0x02, 0x91, 0xff})
	f.Add(uint8(12), []byte("the quick brown fox jumps over the lazy dog"))
	f.Fuzz(func(t *testing.T, limit uint8, script []byte) {
		p := New(int(limit%16)+1, true)
		tables := make([]Table, 4)
		for i, op := range script {
			table := &tables[op&3]
			if op&0x80 != 0 {
				p.Release(table)
			} else {
				tokens := (int(op>>2&0x1f) + 1) * BlockTokens / 2
				shared := 0
				if len(table.blocks) == 0 {
					table.Keys = table.Keys[:0]
					for j := range tokens / BlockTokens { // prompts that begin alike
						table.Keys = append(table.Keys, uint64(j)<<8|uint64(op>>6&1)*uint64(min(j, 1)))
					}
					shared = max(0, p.Match(table.Keys)-int(op>>2&1)) // or it computes a copy
				}
				tokens = max(tokens, len(table.blocks)*BlockTokens)
				if p.Reserve(table, shared, tokens) {
					p.Publish(table, tokens)
				}
			}
			if err := check(p, tables); err != nil {
				t.Fatalf("after %d of %x: %v", i+1, script, err)
			}
		}
	})
}

// check compares what the pool says of its blocks with the tables.
func check(p *Pool, tables []Table) error {
	references := make([]int32, len(p.blocks))
	for _, t := range tables {
		for _, id := range t.blocks {
			references[id]++
		}
	}
	inUse, named := 0, 0
	for id, b := range p.blocks {
		if b.references != references[id] {
			return fmt.Errorf("block %d has %d references and is in %d tables", id, b.references, references[id])
		}
		if b.references > 0 {
			inUse++
		}
		if b.named {
			if named++; p.found[b.key] != int32(id) {
				return fmt.Errorf("block %d holds %d, which is found in block %d", id, b.key, p.found[b.key])
			}
		}
	}
	if named != len(p.found) || inUse != p.InUse() || len(p.blocks) > p.limit {
		return fmt.Errorf("%d named blocks, %d found; %d in use, %d counted; %d of %d", named, len(p.found), inUse, p.InUse(), len(p.blocks), p.limit)
	}
	queued := []int32{}
	for id, before := p.first, int32(none); id != none; before, id = id, p.blocks[id].after {
		if p.blocks[id].references > 0 || p.blocks[id].before != before {
			return fmt.Errorf("block %d is in the queue with %d references, behind %d", id, p.blocks[id].references, p.blocks[id].before)
		}
		queued = append(queued, id)
	}
	if len(queued) != p.queued || len(queued)+inUse != len(p.blocks) {
		return fmt.Errorf("%d blocks in the queue %v, %d counted; %d in use of %d", len(queued), queued, p.queued, inUse, len(p.blocks))
	}
	return nil
}
