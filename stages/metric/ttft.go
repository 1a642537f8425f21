package metric

import "github.com/strangeloopio/inferencex/schemas/table"

// The first token is the first non-empty content, reasoning or tool-call delta; role-only, empty and usage chunks are none.
// vLLM's own client ends TTFT at any chunk with choices, inference-perf's ignores reasoning.

func ttftOf(r table.Request) (float64, bool)      { return between(r.TSend, r.TFirstToken) }
func ttftSchedOf(r table.Request) (float64, bool) { return between(r.TSched, r.TFirstToken) }
func ttfaOf(r table.Request) (float64, bool)      { return between(r.TSend, r.TFirstAnswer) }

func ttft() []Def {
	return distribution("ttft", "Time to first token: send to first non-empty delta, reasoning included", Requests,
		func(s *Sample) []float64 { return s.ascending("ttft") })
}

func ttftSched() []Def {
	return distribution("ttft_sched", "Time to first token from the scheduled time of sending, proof against coordinated omission", Requests,
		func(s *Sample) []float64 { return s.ascending("ttft_sched") })
}

func ttfa() []Def {
	return distribution("ttfa", "Time to first answer: send to first delta that is not reasoning", Requests,
		func(s *Sample) []float64 { return s.ascending("ttfa") })
}
