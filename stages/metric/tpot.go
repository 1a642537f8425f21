package metric

import "github.com/strangeloopio/inferencex/schemas/table"

// tpotOf is null for a single token: there is no time between tokens. GuideLLM and AIPerf call it ITL.
func tpotOf(r table.Request) (float64, bool) {
	if r.OSL == nil || *r.OSL <= 1 || r.TFirstToken == nil || r.TLastToken == nil {
		return 0, false
	}
	return float64(*r.TLastToken-*r.TFirstToken) / 1e9 / float64(*r.OSL-1), true
}

func tpot() []Def {
	return distribution("tpot", "Time per output token after the first: (last token − first token) ÷ (output tokens − 1)", Requests,
		func(s *Sample) []float64 { return s.ascending("tpot") })
}
