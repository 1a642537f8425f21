package metric

import (
	"maps"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/schemas/table"
)

// bound is an objective that each request can meet or miss: "ttft_p99 = 2s" asks of a good request a ttft of at most 2 s.
type bound struct {
	family
	limit float64
}

func (s *Sample) bounds() []bound {
	var bounds []bound
	for _, name := range slices.Sorted(maps.Keys(s.Cell.SLO)) {
		for _, f := range families() {
			if name == f.name || strings.HasPrefix(name, f.name+"_") {
				bounds = append(bounds, bound{f, s.Cell.SLO[name]})
				break
			}
		}
	}
	return bounds
}

// meets reports whether the request is good. A latency that the request cannot have breaks no bound: one
// token has no tpot. One that it should have and has not, since its answer was not streamed, breaks each.
func meets(r table.Request, bounds []bound) bool {
	for _, b := range bounds {
		v, ok := b.of(r)
		if !ok && b.paced && !Streamed(r) {
			return false
		}
		if ok && ((b.better == Lower && v > b.limit) || (b.better == Higher && v < b.limit)) {
			return false
		}
	}
	return true
}

// good counts the ok requests that meet every objective, or false where the suite has none that a request can meet.
func (s *Sample) good() (float64, bool) {
	bounds := s.bounds()
	n := 0
	for _, r := range s.OK() {
		if meets(r, bounds) {
			n++
		}
	}
	return float64(n), len(bounds) > 0
}

// Missed returns the names of the cell's objectives that the cell does not meet, or that nothing shows it to meet, sorted.
func (s *Sample) Missed() []string {
	var missed []string
	for _, name := range slices.Sorted(maps.Keys(s.Cell.SLO)) {
		limit := s.Cell.SLO[name]
		def, known := FindObjective(name)
		if !known {
			missed = append(missed, name)
			continue
		}
		v, ok := def.Compute(s)
		if !ok || (def.Better == Lower && v > limit) || (def.Better == Higher && v < limit) {
			missed = append(missed, name)
		}
	}
	return missed
}

func goodput() []Def {
	return []Def{
		{
			Name: "goodput_rps", Unit: "1/s", Better: Higher, Needs: Requests, Doc: "Ok requests that meet every objective ÷ whole window.",
			Compute: func(s *Sample) (float64, bool) {
				n, ok := s.good()
				if !ok || s.window().empty() {
					return 0, false
				}
				return n / s.window().seconds(), true
			},
		},
		{
			Name: "good_fraction", Unit: "fraction", Better: Higher, Needs: Requests, Doc: "Ok requests that meet every objective ÷ requests_attempted.",
			Compute: func(s *Sample) (float64, bool) {
				n, ok := s.good()
				if !ok {
					return 0, false
				}
				return ratio(n, s.attempted())
			},
		},
	}
}
