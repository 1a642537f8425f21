// Package kvcache hands out the blocks of a KV cache as vLLM's V1 engine does: a sequence gets a block when its tokens reach it, sequences with
// the same beginning share blocks, and what a block holds stays to be found until its place is needed.
//
// Invariant: a block is either in as many tables as it has references, or it has none and is free; only a free one is ever given away, the one
// unused for longest first.
package kvcache

// BlockTokens is how many tokens' keys and values a block holds: vLLM's default.
const BlockTokens = 16

// none is no block.
const none = -1

// block is one block of the cache.
type block struct {
	references    int32
	before, after int32  // neighbours in the queue of free blocks, while there are no references
	key           uint64 // of what it holds
	named         bool   // it is found under its key
}

// Pool is the blocks of one cache. It is not safe for concurrent use.
type Pool struct {
	limit   int
	caching bool
	blocks  []block // those that have ever been used; the rest of the limit is free
	first   int32   // of the queue of free blocks, the one unused for longest
	last    int32
	queued  int
	found   map[uint64]int32 // by key. Where vLLM keeps every copy of a content, this keeps the newest
}

// Table is the blocks of one sequence, in the order of its tokens. Its zero value is empty.
type Table struct {
	// Keys name the contents of the sequence's full blocks, from the first one on and as far as they are known. They are running hashes: an
	// equal key means that everything before is equal, too.
	Keys []uint64

	blocks    []int32
	published int // blocks that have been offered to others
}

// New returns a pool of so many blocks, all of them free. With caching, contents that were published are found again.
func New(blocks int, caching bool) *Pool {
	return &Pool{limit: blocks, caching: caching, first: none, last: none, found: map[uint64]int32{}}
}

// Limit is the number of blocks.
func (p *Pool) Limit() int { return p.limit }

// InUse is the number of blocks that some table holds. One that several hold counts once, and one that is only remembered does not count.
func (p *Pool) InUse() int { return len(p.blocks) - p.queued }

// Match counts the leading keys whose blocks can be shared.
func (p *Pool) Match(keys []uint64) int {
	for n, key := range keys {
		if _, ok := p.found[key]; !ok {
			return n
		}
	}
	return len(keys)
}

// Reserve makes the table long enough for so many tokens, or does nothing and returns false if there are too few free blocks. A table that is
// empty begins with blocks shared for its first keys, of which Match has just counted that many.
func (p *Pool) Reserve(t *Table, shared, tokens int) bool {
	if shared == 0 && tokens <= len(t.blocks)*BlockTokens {
		return true // as in 15 steps of 16
	}
	return p.grow(t, shared, tokens)
}

func (p *Pool) grow(t *Table, shared, tokens int) bool {
	free := p.limit - p.InUse()
	for _, key := range t.Keys[:shared] {
		id := p.found[key]
		t.blocks = append(t.blocks, id)
		if p.blocks[id].references == 0 {
			free-- // it is about to be in use
		}
	}
	missing := (tokens+BlockTokens-1)/BlockTokens - len(t.blocks)
	if missing > free {
		t.blocks = t.blocks[:len(t.blocks)-shared]
		return false
	}
	for _, id := range t.blocks[len(t.blocks)-shared:] {
		if p.blocks[id].references++; p.blocks[id].references == 1 {
			p.unqueue(id)
		}
	}
	t.published += shared
	for range missing {
		t.blocks = append(t.blocks, p.allocate())
	}
	return true
}

// Publish lets the table's blocks that are full after so many tokens be found under their keys.
func (p *Pool) Publish(t *Table, tokens int) {
	if !p.caching {
		return
	}
	for full := min(tokens/BlockTokens, len(t.Keys)); t.published < full; t.published++ {
		id, key := t.blocks[t.published], t.Keys[t.published]
		if older, ok := p.found[key]; ok {
			p.blocks[older].named = false
		}
		p.found[key] = id
		p.blocks[id].key, p.blocks[id].named = key, true
	}
}

// Release empties the table. Its blocks are free unless others hold them, the last one to be given away first: a beginning is of more use than
// what follows it. The keys stay.
func (p *Pool) Release(t *Table) {
	for i := len(t.blocks) - 1; i >= 0; i-- {
		id := t.blocks[i]
		if p.blocks[id].references--; p.blocks[id].references == 0 {
			p.queue(id)
		}
	}
	t.blocks, t.published = t.blocks[:0], 0
}

// allocate gives a free block away; there must be one.
func (p *Pool) allocate() int32 {
	if len(p.blocks) < p.limit {
		p.blocks = append(p.blocks, block{references: 1})
		return int32(len(p.blocks) - 1)
	}
	id := p.first
	p.unqueue(id)
	b := &p.blocks[id]
	if b.named {
		delete(p.found, b.key)
		b.named = false
	}
	b.references = 1
	return id
}

// queue puts a block without references behind the other free ones.
func (p *Pool) queue(id int32) {
	p.blocks[id].before, p.blocks[id].after = p.last, none
	if p.last == none {
		p.first = id
	} else {
		p.blocks[p.last].after = id
	}
	p.last = id
	p.queued++
}

// unqueue takes a block out from among the free ones.
func (p *Pool) unqueue(id int32) {
	b := p.blocks[id]
	if b.before == none {
		p.first = b.after
	} else {
		p.blocks[b.before].after = b.after
	}
	if b.after == none {
		p.last = b.before
	} else {
		p.blocks[b.after].before = b.before
	}
	p.queued--
}
