package metric

import "github.com/strangeloopio/inferencex/schemas/quantile"

// Mean returns the arithmetic mean, or false if there are no values.
func Mean(values []float64) (float64, bool) {
	if len(values) == 0 {
		return 0, false
	}
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values)), true
}

// distribution defines name_mean_s and the percentiles of a latency.
func distribution(name, doc string, needs Need, ascending func(*Sample) []float64) []Def {
	defs := []Def{{
		Name: name + "_mean_s", Unit: "s", Better: Lower, Needs: needs, Doc: doc + " (mean).",
		Compute: func(s *Sample) (float64, bool) { return Mean(ascending(s)) },
	}}
	for _, q := range []struct {
		suffix string
		p      float64
	}{{"p50", 0.50}, {"p90", 0.90}, {"p95", 0.95}, {"p99", 0.99}} {
		defs = append(defs, Def{
			Name: name + "_" + q.suffix + "_s", Unit: "s", Better: Lower, Needs: needs, Doc: doc + " (" + q.suffix + ").",
			Compute: func(s *Sample) (float64, bool) { return quantile.Linear(ascending(s), q.p) },
		})
	}
	return defs
}
