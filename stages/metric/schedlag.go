package metric

import (
	"slices"

	"github.com/strangeloopio/inferencex/schemas/quantile"
	"github.com/strangeloopio/inferencex/schemas/table"
)

func schedLagOf(r table.Request) (float64, bool) {
	return float64(r.TSend-r.TSched) / 1e9, r.Status != "dropped"
}

func schedLag() []Def {
	return []Def{{
		Name: "sched_lag_p99_s", Unit: "s", Better: Lower, Needs: Requests,
		Doc: "Delay of the client: scheduled time to send, over all requests sent, ok or not (p99).",
		Compute: func(s *Sample) (float64, bool) {
			var lags []float64
			for _, r := range s.Data.Requests {
				if v, ok := schedLagOf(r); ok {
					lags = append(lags, v)
				}
			}
			slices.Sort(lags)
			return quantile.Linear(lags, 0.99)
		},
	}}
}
