package engine

// HashBlocks returns the running hash of every full block of a sequence of token ids, for Request.Blocks.
func HashBlocks(tokens []int64) []uint64 {
	out := make([]uint64, 0, len(tokens)/BlockTokens)
	h := uint64(0)
	for i, id := range tokens {
		h = mix(h, uint64(id))
		if (i+1)%BlockTokens == 0 {
			out = append(out, h)
		}
	}
	return out
}

// mix is the running hash behind one more value: a round of splitmix64.
func mix(h, value uint64) uint64 {
	h = (h ^ value) + 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
