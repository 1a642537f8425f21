package metric

import (
	"cmp"
	"slices"

	"github.com/strangeloopio/inferencex/schemas/table"
)

// Talks reports whether requests go on from each other, in conversations.
func (s *Sample) Talks() bool { return s.Cell.Turns != "" }

// Thinks reports whether there are pauses between an answer and the next request.
func (s *Sample) Thinks() bool { return s.Cell.ThinkTime != "" }

// turnOf is a request's turn in a conversation of several; 0 where it stands alone, or an older load does not tell.
func turnOf(r table.Request) int32 {
	if r.Turn == nil || r.Turns == nil || *r.Turns < 2 {
		return 0
	}
	return *r.Turn
}

func first(r table.Request) bool { return turnOf(r) == 1 }
func later(r table.Request) bool { return turnOf(r) > 1 }

// pause is the time between an answer and when the next request was due, which left a little later.
type pause struct {
	span
	left int64
}

// findPauses returns the pauses between an answer and the next request: of a user, or of a conversation where a request is no user's. Those who are not
// to think make none. Where users come and go it is not known of one between two conversations whether it was a pause.
func (s *Sample) findPauses() []pause {
	if !s.Thinks() {
		return nil
	}
	who := func(r table.Request) int64 {
		if r.User < 0 && r.Session != nil {
			return *r.Session
		}
		return int64(r.User)
	}
	rows := slices.DeleteFunc(slices.Clone(s.Data.Requests), func(r table.Request) bool { return r.User < 0 && r.Session == nil })
	slices.SortFunc(rows, func(a, b table.Request) int {
		return cmp.Or(cmp.Compare(who(a), who(b)), cmp.Compare(a.TSched, b.TSched))
	})
	var pauses []pause
	for i := 1; i < len(rows); i++ {
		before, now := rows[i-1], rows[i]
		gone := s.Cell.Pattern != "" && (before.Session == nil || now.Session == nil || *before.Session != *now.Session) // or may have been
		if who(before) == who(now) && now.TSched >= before.TDone && !gone {
			pauses = append(pauses, pause{span{before.TDone, now.TSched}, now.TSend})
		}
	}
	return pauses
}

// presence returns when each user was there: with a request in flight, or in a pause, which a late request makes longer. How late requests left is for
// sched_lag to say, and a client that is late too often limits the load by a rule of its own.
func (s *Sample) presence() []span {
	spans := flights(s.Data.Requests)
	for _, p := range s.pauses() {
		spans = append(spans, span{p.from, p.left})
	}
	return spans
}

// flights returns when requests were in flight.
func flights(rows []table.Request) []span {
	spans := make([]span, 0, len(rows))
	for _, r := range rows {
		if r.Status != "dropped" {
			spans = append(spans, span{r.TSend, r.TDone})
		}
	}
	return spans
}

// meanPresent is how many users were there on average over the whole window: X·(R + Z) by Little's law, of X requests a second that take R and have pauses
// of Z between them.
func (s *Sample) meanPresent() (float64, bool) { return meanOver(s.window(), s.presence()) }

// meanOver is how many of the spans there are at a time, on average over a window.
func meanOver(w span, spans []span) (float64, bool) {
	if w.empty() {
		return 0, false
	}
	var busy int64
	for _, at := range spans {
		busy += max(0, min(at.to, w.to)-max(at.from, w.from))
	}
	return float64(busy) / float64(w.to-w.from), true
}

// meanPause is the mean pause in seconds; false where there is none.
func (s *Sample) meanPause() (float64, bool) {
	var values []float64
	for _, p := range s.pauses() {
		values = append(values, p.seconds())
	}
	return Mean(values)
}

// findUnsent counts the turns that were not attempted because one before them failed.
func (s *Sample) findUnsent() (unsent float64) {
	for _, r := range s.Data.Requests {
		if turnOf(r) > 0 && r.Status != "ok" && !cut(r) {
			unsent += float64(*r.Turns - *r.Turn)
		}
	}
	return unsent
}

func conversations() []Def {
	talking := func(of func(*Sample) (float64, bool)) func(*Sample) (float64, bool) {
		return func(s *Sample) (float64, bool) {
			if !s.Talks() {
				return 0, false
			}
			return of(s)
		}
	}
	thinking := func(of func(*Sample) (float64, bool)) func(*Sample) (float64, bool) {
		return func(s *Sample) (float64, bool) {
			if !s.Thinks() {
				return 0, false
			}
			return of(s)
		}
	}
	defs := []Def{
		{
			Name: "sessions", Needs: Requests, Doc: "Conversations begun, of workloads that have such.",
			Compute: talking(func(s *Sample) (float64, bool) {
				return s.count(func(r table.Request) bool { return r.Turn != nil && *r.Turn == 1 && r.Status != "cancelled" }), true
			}),
		},
		{
			Name: "turns_unsent", Needs: Requests, Better: Lower,
			Doc:     "Turns that were not attempted, because one before them failed: a failure ends its conversation. They are in no other count.",
			Compute: talking(func(s *Sample) (float64, bool) { return s.findUnsent(), true }),
		},
		{
			Name: "think_mean_s", Unit: "s", Needs: Requests,
			Doc:     "Pause between the end of an answer and when the next request of the user, or of the conversation in an open loop, was due (mean). It is in no latency.",
			Compute: thinking((*Sample).meanPause),
		},
		{
			Name: "users_present", Unit: "users", Needs: Requests,
			Doc: "Where users think, and neither come nor go: mean number of those, or of conversations in an open loop, with a request in flight or in a pause, over the whole window. " +
				"achieved_concurrency has what is in flight alone.",
			Compute: thinking(func(s *Sample) (float64, bool) {
				if s.Cell.Pattern != "" {
					return 0, false
				}
				return s.meanPresent()
			}),
		},
	}
	for _, side := range []struct {
		name, words string
		is          func(table.Request) bool
	}{
		{"first_turn", "the first turns of conversations of several", first},
		{"later_turns", "the turns behind the first of conversations", later},
	} {
		defs = append(defs, distribution("ttft_"+side.name, "Time to first token of "+side.words, Requests, func(s *Sample) []float64 { return s.ascending("ttft_" + side.name) })...)
		defs = append(defs,
			Def{
				Name: "isl_mean_" + side.name, Unit: "tokens", Needs: Requests, Doc: "Input length of " + side.words + " (mean): what was said before in the conversation is in it.",
				Compute: meanLength(side.is, func(r table.Request) *int32 { return r.ISL }),
			},
			Def{
				Name: "prefix_hit_" + side.name, Unit: "fraction", Needs: Requests, Doc: "prefix_hit of " + side.words + ".",
				Compute: prefixHitOf(side.is),
			})
	}
	return defs
}
