package metric

import (
	"iter"
	"math"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
	"github.com/strangeloopio/inferencex/stages/metric/account"
)

// Part is what was measured in one stretch of a load that goes through phases.
//
// Requests belong to the stretch in which they were due: its pressure is what they met, whenever they were answered. What is counted by the second is
// that which happened in the stretch: tokens by their chunks, requests by their end, input by the first token.
type Part struct {
	phase.Stretch
	load *Sample
	due  *Sample // of the requests that were due in the stretch
	span span
}

// Parts yields those of the sample's phases, in their order; none where the load goes through none, or sent nothing. Each holds a copy of its requests,
// so that one is better let go of before the next.
func (s *Sample) Parts() iter.Seq[Part] {
	return func(yield func(Part) bool) {
		start, known := s.start()
		if !known {
			return
		}
		for _, stretch := range s.Cell.Phases.Stretches() {
			within := span{start + int64(stretch.From), start + int64(stretch.To)}
			var due []table.Request
			for _, r := range s.Data.Requests {
				if within.from <= r.TSched && r.TSched < within.to {
					due = append(due, r)
				}
			}
			if !yield(Part{stretch, s, NewSample(s.Cell, s.GPU, Data{Requests: due}), within}) {
				return
			}
		}
	}
}

// start is when the load began. Where the load did not write it down it is when its first request was due, which in a closed loop is the same.
func (s *Sample) start() (int64, bool) {
	if s.Data.StartNS > 0 {
		return s.Data.StartNS, true
	}
	first := int64(math.MaxInt64)
	for _, r := range s.Data.Requests {
		first = min(first, r.TSched)
	}
	return first, len(s.Data.Requests) > 0
}

// PhaseDef is a metric of a part of a load. Its name is that of the metric of whole loads which it is, for that part alone.
type PhaseDef struct {
	Name, Unit, Better, Doc string
	Compute                 func(Part) (float64, bool)
}

// OfPhases returns the metrics of a load's parts, in their order.
func OfPhases() []PhaseDef {
	return append(ofThoseDue(
		"requests_attempted", "requests_ok", "requests_failed",
		"ttft_mean_s", "ttft_p50_s", "ttft_p90_s", "ttft_p99_s", "ttft_sched_p99_s", "tpot_mean_s", "tpot_p50_s", "tpot_p90_s", "tpot_p99_s",
		"e2el_mean_s", "e2el_p50_s", "e2el_p90_s", "e2el_p99_s", "good_fraction",
	), append(byTheSecond(), ofReadings()...)...)
}

// ofThoseDue are metrics of whole loads, computed over the requests that were due in the part.
func ofThoseDue(names ...string) []PhaseDef {
	var defs []PhaseDef
	for _, name := range names {
		d, known := Find(name)
		if !known {
			panic("metric: no " + name)
		}
		defs = append(defs, PhaseDef{d.Name, d.Unit, d.Better, d.Doc + " Of the requests that were due in the stretch.", func(p Part) (float64, bool) { return d.Compute(p.due) }})
	}
	return defs
}

func byTheSecond() []PhaseDef {
	per := func(count func(Part) (float64, bool)) func(Part) (float64, bool) {
		return func(p Part) (float64, bool) {
			n, ok := count(p)
			return n / p.span.seconds(), ok
		}
	}
	tokens := per(func(p Part) (float64, bool) { return p.load.tokensWithin(p.span) })
	return []PhaseDef{
		{"sent_rps", "1/s", "", "Requests, of conversations the first ones, that were due in the stretch and sent ÷ its length; of an open loop.", per(func(p Part) (float64, bool) {
			return p.due.count(func(r table.Request) bool { return r.Status != "dropped" && turnOf(r) <= 1 }), p.load.Cell.RateRPS > 0
		})},
		{"rps", "1/s", Higher, "Ok requests done in the stretch ÷ its length.", per(func(p Part) (float64, bool) { return p.load.doneWithin(p.span) })},
		{"output_tps", "tokens/s", Higher, "Output tokens whose chunks came in the stretch ÷ its length.", tokens},
		{"output_tps_per_gpu", "tokens/s/GPU", Higher, "output_tps ÷ all GPUs allocated.", func(p Part) (float64, bool) {
			v, ok := tokens(p)
			if !ok {
				return 0, false
			}
			return ratio(v, float64(p.load.Cell.GPUs))
		}},
		{"input_tps", "tokens/s", Higher, "Input tokens of ok requests whose first token came in the stretch ÷ its length.", per(func(p Part) (float64, bool) {
			return p.load.inputWithin(p.span)
		})},
		{"achieved_concurrency", "requests", "", "Mean number of requests in flight over the stretch, those that were due before it among them.", func(p Part) (float64, bool) {
			return p.load.inFlightWithin(p.span)
		}},
	}
}

// ofReadings are of what the server said of itself in the stretch.
func ofReadings() []PhaseDef {
	of := func(of func(account.Account) *float64) func(Part) (float64, bool) {
		return func(p Part) (float64, bool) {
			var within []table.Server
			for _, r := range account.During(p.load.Data.Server) {
				if p.span.from <= r.TSend && r.TDone < p.span.to {
					within = append(within, r)
				}
			}
			a, _ := account.Of(within)
			v := of(a)
			if v == nil {
				return 0, false
			}
			return *v, true
		}
	}
	return []PhaseDef{
		{"server_running_mean", "requests", "", "Mean number of requests in the server's batch, over its readings in the stretch.", of(func(a account.Account) *float64 { return mean(a.Running) })},
		{"server_queue_mean", "requests", "", "Mean number of requests in the server's queue, over its readings in the stretch.", of(func(a account.Account) *float64 { return mean(a.Waiting) })},
		{"server_queue_max", "requests", "", "Most requests in the server's queue at any reading in the stretch.", of(func(a account.Account) *float64 { return highest(a.Waiting) })},
		{"server_kv_usage_max", "fraction", "", "Highest share of the KV cache in use at any reading in the stretch.", of(func(a account.Account) *float64 { return highest(a.KVUsage) })},
	}
}
