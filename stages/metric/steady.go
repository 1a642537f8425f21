package metric

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/strangeloopio/inferencex/schemas/table"
)

const (
	// steadyShare of the target users must be in flight for a load to be steady.
	steadyShare = 0.95
	// turnaroundShare of a mean request, with the pause before it, is how long a dip may last: the time between an answer and the next request of the same user
	// is no loss of load, at the same 5 % that steadyShare forgives.
	turnaroundShare = 0.05
)

// Users is how many are meant to be in flight all along; 0 where no such number is, as in an open loop.
func (s *Sample) Users() int {
	if s.Cell.Pattern != "" {
		return 0
	}
	return s.Cell.Users
}

// findSteady is the longest time in which the load was what its label says. It is empty where nothing was answered, and where the load is one that
// changes.
func (s *Sample) findSteady() span {
	switch {
	case len(s.OK()) == 0:
		return span{}
	case s.Users() > 0:
		return s.usersInFlight()
	case s.Cell.RateRPS > 0 && s.Cell.Pattern == "":
		return s.rateKept()
	default:
		return span{}
	}
}

// usersInFlight is the longest time with at least steadyShare of the users in flight, or in a pause that the workload wants.
func (s *Sample) usersInFlight() span {
	mean, _ := Mean(s.ascending("e2el"))
	if pause, ok := s.meanPause(); ok {
		mean += pause
	}
	dip := int64(turnaroundShare * mean * 1e9)
	enough := steadyShare * float64(s.Users())

	var best, current span
	open := false
	together(s.presence(), func(from, to int64, n int) {
		if float64(n) < enough {
			return
		}
		if !open || from-current.to > dip {
			current, open = span{from, to}, true
		}
		current.to = to
		if current.seconds() > best.seconds() {
			best = current
		}
	})
	return best
}

// rateKept is the time in which an open loop sent at its rate and its requests met those of as long before as a request, or a conversation, takes: from
// the end of the ramp and so much later to the last arrival. Before it, what is in flight still grows; after it, it drains.
func (s *Sample) rateKept() span {
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, r := range s.Data.Requests {
		if turnOf(r) <= 1 {
			first, last = min(first, r.TSched), max(last, r.TSched)
		}
	}
	mean, _ := Mean(s.ascending("e2el"))
	if s.Talks() {
		mean = s.meanConversation()
	}
	return span{first + int64((s.Cell.RampSeconds+mean)*1e9), last}
}

// meanConversation is the seconds from when a conversation's first request was due to the end of its last.
func (s *Sample) meanConversation() float64 {
	begun, took := map[int64]int64{}, map[int64]float64{}
	for _, r := range s.Data.Requests {
		if r.Session != nil && turnOf(r) <= 1 {
			begun[*r.Session] = r.TSched
		}
	}
	for _, r := range s.Data.Requests {
		if r.Session != nil {
			took[*r.Session] = max(took[*r.Session], float64(r.TDone-begun[*r.Session])/1e9)
		}
	}
	mean, _ := Mean(slices.Sorted(maps.Values(took)))
	return mean
}

// together calls each for every stretch of time with the number of spans that there are in it, in order of time.
func together(spans []span, each func(from, to int64, n int)) {
	type event struct {
		t     int64
		delta int
	}
	events := make([]event, 0, 2*len(spans))
	for _, s := range spans {
		events = append(events, event{s.from, 1}, event{s.to, -1})
	}
	slices.SortFunc(events, func(a, b event) int { return cmp.Or(cmp.Compare(a.t, b.t), cmp.Compare(b.delta, a.delta)) })
	n := 0
	for i, e := range events {
		if i > 0 && e.t > events[i-1].t {
			each(events[i-1].t, e.t, n)
		}
		n += e.delta
	}
}

// tokensWithin counts the output tokens that came within a window, by the time of their chunks, from all requests that did not fail. A chunk of
// unknown size counts as the mean chunk of its request, or of all ok requests if its own tells no length.
func (s *Sample) tokensWithin(w span) (float64, bool) {
	if w.empty() || len(s.Data.Chunks) == 0 {
		return 0, false
	}
	var chunks float64
	for _, r := range s.OK() {
		chunks += float64(r.Chunks)
	}
	typical, _ := ratio(s.outputTokens(), chunks)
	var tokens float64
	for _, c := range s.Data.Chunks {
		if !w.holds(c.TNS) {
			continue
		}
		r, known := s.byIndex()[c.Request]
		switch {
		case !known || (r.Status != "ok" && !cut(*r)):
		case c.Tokens > 0:
			tokens += float64(c.Tokens)
		case r.OSL != nil && r.Chunks > 0 && r.Status == "ok":
			tokens += float64(*r.OSL) / float64(r.Chunks)
		default:
			tokens += typical
		}
	}
	return tokens, true
}

// doneWithin counts the ok requests that were done within a window.
func (s *Sample) doneWithin(w span) (float64, bool) {
	n := s.count(func(r table.Request) bool { return r.Status == "ok" && w.holds(r.TDone) })
	return n, !w.empty()
}

// inputWithin counts the input tokens of ok requests whose first token came within a window.
func (s *Sample) inputWithin(w span) (float64, bool) {
	var tokens float64
	for _, r := range s.OK() {
		if r.TFirstToken != nil && r.ISL != nil && w.holds(*r.TFirstToken) {
			tokens += float64(*r.ISL)
		}
	}
	return tokens, !w.empty()
}

func steady() []Def {
	rate := func(within func(*Sample, span) (float64, bool)) func(*Sample) (float64, bool) {
		return func(s *Sample) (float64, bool) {
			n, ok := within(s, s.steady())
			if !ok {
				return 0, false
			}
			return n / s.steady().seconds(), true
		}
	}
	return []Def{
		{
			Name: "steady_window_s", Unit: "s", Needs: Requests,
			Doc: "Closed loop: longest time with at least 95 % of the users in flight or thinking, dips under 5 % of a mean request, with its think time, apart. " +
				"Open loop: from a mean request, or a mean conversation, after the ramp to the last arrival.",
			Compute: func(s *Sample) (float64, bool) { return s.steady().seconds(), !s.steady().empty() },
		},
		{
			Name: "steady_rps", Unit: "1/s", Better: Higher, Needs: Requests, Doc: "Ok requests done in the steady window ÷ its length.",
			Compute: rate((*Sample).doneWithin),
		},
		{
			Name: "steady_output_tps", Unit: "tokens/s", Better: Higher, Needs: Chunks, Doc: "Output tokens whose chunks came in the steady window ÷ its length.",
			Compute: rate((*Sample).tokensWithin),
		},
		{
			Name: "steady_output_tps_per_gpu", Unit: "tokens/s/GPU", Better: Higher, Needs: Chunks, Doc: "steady_output_tps ÷ all GPUs allocated.",
			Compute: perGPU(rate((*Sample).tokensWithin)),
		},
		{
			Name: "steady_input_tps", Unit: "tokens/s", Better: Higher, Needs: Requests, Doc: "Input tokens of ok requests whose first token came in the steady window ÷ its length.",
			Compute: rate((*Sample).inputWithin),
		},
	}
}
