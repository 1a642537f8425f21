package length

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
)

// Draws are the lengths of the requests of one trial, by the request's index. They follow from the suite's seed and the trial and from
// nothing else: cells that are compared send requests of the same lengths, whatever their users, GPUs and model, and what differs between
// them is not the luck of the draw. They are safe for concurrent use.
//
// Inputs and outputs are drawn apart, and so are two datasets. The lines of one dataset are drawn together: where isl and osl name the same
// file, both lengths of a request are of the same line, so that a file's long questions keep their short answers. A trial takes each line
// once before it takes one again.
type Draws struct {
	input, output source
	first         int64 // changes places with request 0
}

// foreseen is how many requests are looked at where nothing says how many there will be.
const foreseen = 1 << 16

// NewDraws returns the draws of a trial. Datasets must have their values.
func NewDraws(input, output Lengths, seed int64, trial int) (*Draws, error) {
	d := &Draws{}
	for _, side := range []struct {
		purpose string
		lengths Lengths
		into    *source
	}{{"isl", input, &d.input}, {"osl", output, &d.output}} {
		if side.lengths.Kind == Dataset && len(side.lengths.Values) == 0 {
			return nil, fmt.Errorf("draw %s: the dataset has no values", side.purpose)
		}
		*side.into = newSource(side.lengths, side.purpose, seed, trial)
	}
	return d, nil
}

// At returns the input and output tokens of the request of an index, from 0 on; 0 for those of a text, which has them by itself.
func (d *Draws) At(index int64) (isl, osl int) {
	switch index {
	case 0:
		index = d.first
	case d.first:
		index = 0
	}
	return d.input.at(index), d.output.at(index)
}

// Extent is what the requests of a load come to at most and at least.
type Extent struct {
	Shortest, Longest int64 // indices of the requests with the fewest and the most input tokens, the first of equals
	MostTokens        int   // of one request, input and output together
}

// Extent looks at the requests 0 to n−1; where n is 0, at as many as a load can be expected to send.
func (d *Draws) Extent(n int64) Extent {
	if n == 0 {
		n = max(foreseen, int64(len(d.input.order)), int64(len(d.output.order)))
	}
	if d.input.Kind == Fixed && d.output.Kind == Fixed {
		n = 1
	}
	var e Extent
	least, most := math.MaxInt, 0
	for index := range n {
		isl, osl := d.At(index)
		if isl < least {
			least, e.Shortest = isl, index
		}
		if isl > most {
			most, e.Longest = isl, index
		}
		e.MostTokens = max(e.MostTokens, isl+osl)
	}
	return e
}

// LongestFirst returns the same draws with the longest input of the first n requests in front.
func (d *Draws) LongestFirst(n int64) *Draws {
	swapped := *d
	swapped.first = d.Extent(n).Longest
	return &swapped
}

// source is what one side of the requests is drawn from.
type source struct {
	Lengths
	seed  [sha256.Size]byte
	order []int32 // of a dataset: its lines as they are drawn
}

func newSource(l Lengths, purpose string, seed int64, trial int) source {
	s := source{Lengths: l}
	if l.Kind == Dataset {
		purpose = l.Digest // the same for whoever draws from it
	}
	s.seed = seedOf(purpose, seed, trial)
	switch {
	case l.Kind == Dataset && l.Ordered:
		s.order = make([]int32, len(l.Values))
		for i := range s.order {
			s.order[i] = int32(i)
		}
	case l.Kind == Dataset:
		s.order = Order(l.Digest, len(l.Values), seed, trial)
	}
	return s
}

// Order is the order in which a trial takes the n entries of a file with this digest, each once. It is the same for whoever takes from it.
func Order(digest string, n int, seed int64, trial int) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	s := source{seed: seedOf(digest, seed, trial)}
	s.generator(0).Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

func seedOf(purpose string, seed int64, trial int) [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "lengths %s %d %d", purpose, seed, trial))
}

// generator returns the one of an index: neighbours are as far apart as any others.
func (s *source) generator(index int64) *rand.Rand {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(s.seed[:len(s.seed):len(s.seed)], uint64(index)))
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])))
}

func (s *source) at(index int64) int {
	switch s.Kind {
	case Dataset:
		return int(s.Values[s.order[index%int64(len(s.order))]])
	case Uniform:
		return s.Lo + s.generator(index).IntN(s.Hi-s.Lo+1)
	case Normal:
		// The conversion keeps the product from being fused into the sum, which would round otherwise on another machine.
		return s.within(s.MeanOf + float64(s.Spread*s.generator(index).NormFloat64()))
	case Lognormal:
		// Of the logarithm: with m and s the mean and deviation of the lengths, σ² = ln(1 + s²/m²) and μ = ln m − σ²/2.
		variance := 2 * math.Log(math.Hypot(1, s.Spread/s.MeanOf))
		return s.within(s.MeanOf * math.Exp(float64(math.Sqrt(variance)*s.generator(index).NormFloat64())-variance/2))
	}
	return s.Tokens
}

// within is a drawn length as a number of tokens between the bounds.
func (s *source) within(drawn float64) int {
	most := MaxTokens
	if s.Max > 0 {
		most = s.Max
	}
	switch drawn = math.Round(drawn); {
	case drawn >= float64(most):
		return most
	case drawn >= float64(s.Least()):
		return int(drawn)
	default:
		return s.Least()
	}
}
