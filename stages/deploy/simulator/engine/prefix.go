package engine

import "container/list"

// prefixCache remembers which prompt blocks have been computed, the most
// recently used ones of them up to a limit.
type prefixCache struct {
	limit  int
	order  *list.List // of uint64, most recent first
	blocks map[uint64]*list.Element
}

func newPrefixCache(limit int) *prefixCache {
	return &prefixCache{limit: limit, order: list.New(), blocks: make(map[uint64]*list.Element)}
}

// match returns how many leading blocks are known and marks them as used.
// Hashes are running ones, so a known block implies the prefix before it.
func (c *prefixCache) match(blocks []uint64) int {
	n := 0
	for ; n < len(blocks); n++ {
		if c.blocks[blocks[n]] == nil {
			break
		}
	}
	// Backwards, so that a prefix outlives what follows it.
	for i := n - 1; i >= 0; i-- {
		c.order.MoveToFront(c.blocks[blocks[i]])
	}
	return n
}

// insert remembers blocks and forgets the least recently used ones over the limit.
func (c *prefixCache) insert(blocks []uint64) {
	for i := len(blocks) - 1; i >= 0; i-- {
		if el := c.blocks[blocks[i]]; el != nil {
			c.order.MoveToFront(el)
			continue
		}
		c.blocks[blocks[i]] = c.order.PushFront(blocks[i])
	}
	for c.order.Len() > c.limit {
		delete(c.blocks, c.order.Remove(c.order.Back()).(uint64))
	}
}

// HashBlocks returns the running hash of every full block of a prompt, for
// Request.Blocks.
func HashBlocks(tokens []int64) []uint64 {
	out := make([]uint64, 0, len(tokens)/BlockTokens)
	h := uint64(0x9e3779b97f4a7c15)
	for i, id := range tokens {
		// One round of splitmix64 per token.
		h = (h ^ uint64(id)) + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
		if (i+1)%BlockTokens == 0 {
			out = append(out, h)
		}
	}
	return out
}
