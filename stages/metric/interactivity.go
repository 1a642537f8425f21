package metric

import (
	"github.com/strangeloopio/inferencex/schemas/quantile"
	"github.com/strangeloopio/inferencex/schemas/table"
)

func interactivityOf(r table.Request) (float64, bool) {
	tpot, ok := tpotOf(r)
	if !ok {
		return 0, false
	}
	return ratio(1, tpot)
}

// interactivity is the pace of one stream. Its headline is 1 ÷ mean tpot: the mean of the paces follows its
// fastest answer, so that one that was read in a burst can make it a multiple of what users see.
func interactivity() []Def {
	const unit = "tokens/s/user"
	pace := func(of func(*Sample) (float64, bool)) func(*Sample) (float64, bool) {
		return func(s *Sample) (float64, bool) {
			tpot, ok := of(s)
			if !ok {
				return 0, false
			}
			return ratio(1, tpot)
		}
	}
	percentile := func(p float64) func(*Sample) (float64, bool) {
		return pace(func(s *Sample) (float64, bool) { return quantile.Linear(s.ascending("tpot"), p) })
	}
	return []Def{
		{
			Name: "interactivity", Unit: unit, Better: Higher, Needs: Requests,
			Doc:     "Pace of one stream: 1 ÷ mean tpot.",
			Compute: pace(func(s *Sample) (float64, bool) { return Mean(s.ascending("tpot")) }),
		},
		{
			Name: "interactivity_p50", Unit: unit, Better: Higher, Needs: Requests,
			Doc: "Pace of one stream: 1 ÷ tpot_p50, which half of the requests reach.", Compute: percentile(0.50),
		},
		{
			Name: "interactivity_p99", Unit: unit, Better: Higher, Needs: Requests,
			Doc: "Pace of one stream: 1 ÷ tpot_p99, which 99 % of the requests reach.", Compute: percentile(0.99),
		},
		{
			Name: "interactivity_mean", Unit: unit, Better: Higher, Needs: Requests,
			Doc: "Mean of the requests' paces, 1 ÷ tpot each. It follows the fastest answers; interactivity is " +
				"1 ÷ mean tpot.",
			Compute: func(s *Sample) (float64, bool) { return Mean(s.ascending("interactivity")) },
		},
	}
}
