package metric

import "github.com/strangeloopio/inferencex/schemas/quantile"

// icl is called itl by others, which it equals only where every chunk carries one token.
func icl() []Def {
	gaps := func(s *Sample) []float64 { return s.gaps() }
	return append(distribution("icl", "Inter-chunk latency: time between neighbouring chunks of a stream, over all gaps of ok requests", Chunks, gaps), Def{
		Name: "icl_max_s", Unit: "s", Better: Lower, Needs: Chunks, Doc: "Longest stall between two chunks of an ok request.",
		Compute: func(s *Sample) (float64, bool) { return quantile.Linear(gaps(s), 1) },
	})
}
