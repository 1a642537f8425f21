package metric

import (
	"github.com/strangeloopio/inferencex/schemas/quantile"
	"github.com/strangeloopio/inferencex/schemas/table"
)

// interactivityOf is missing where all tokens came at once: there is no pace to tell.
func interactivityOf(r table.Request) (float64, bool) {
	tpot, ok := tpotOf(r)
	if !ok {
		return 0, false
	}
	return ratio(1, tpot)
}

func interactivity() []Def {
	return []Def{
		{
			Name: "interactivity_mean", Unit: "tokens/s/user", Better: Higher, Needs: Requests,
			Doc:     "Pace of one stream: 1 ÷ tpot of each request (mean of the requests' paces, not 1 ÷ mean tpot).",
			Compute: func(s *Sample) (float64, bool) { return Mean(s.ascending("interactivity")) },
		},
		{
			Name: "interactivity_p50", Unit: "tokens/s/user", Better: Higher, Needs: Requests,
			Doc:     "Pace of one stream: 1 ÷ tpot of each request (p50).",
			Compute: func(s *Sample) (float64, bool) { return quantile.Linear(s.ascending("interactivity"), 0.5) },
		},
	}
}
