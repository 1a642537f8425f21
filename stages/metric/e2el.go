package metric

import "github.com/strangeloopio/inferencex/schemas/table"

func e2elOf(r table.Request) (float64, bool) { return between(r.TSend, r.TLastToken) }

func e2el() []Def {
	return distribution("e2el", "End-to-end latency: send to last token", Requests, func(s *Sample) []float64 { return s.ascending("e2el") })
}
