package metric

import "github.com/strangeloopio/inferencex/schemas/table"

func ntpotOf(r table.Request) (float64, bool) {
	e2el, ok := e2elOf(r)
	if !ok || r.OSL == nil {
		return 0, false
	}
	return ratio(e2el, float64(*r.OSL))
}

func ntpot() []Def {
	return []Def{{
		Name: "ntpot_mean_s", Unit: "s", Better: Lower, Needs: Requests, Doc: "Normalised time per output token: e2el ÷ output tokens (mean).",
		Compute: func(s *Sample) (float64, bool) { return Mean(s.ascending("ntpot")) },
	}}
}
