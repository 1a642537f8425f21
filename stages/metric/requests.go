package metric

import "github.com/strangeloopio/inferencex/schemas/table"

// cut reports whether the request was ended by the end of the load, which is neither an answer nor a failure of the server.
func cut(r table.Request) bool { return r.Status == "unfinished" || r.Status == "cancelled" }

func (s *Sample) count(of func(table.Request) bool) float64 {
	n := 0
	for _, r := range s.Data.Requests {
		if of(r) {
			n++
		}
	}
	return float64(n)
}

// attempted counts the requests whose answer was waited for: all but those that the load's own stop has cancelled. Errors, timeouts, drops and
// answers that the end of the load came before are among them: left out, a server that stalls would look better than it is.
func (s *Sample) attempted() float64 {
	return s.count(func(r table.Request) bool { return r.Status != "cancelled" })
}

// unfinished counts the requests that the end of the load and its grace have cut off.
func (s *Sample) unfinished() float64 {
	return s.count(func(r table.Request) bool { return r.Status == "unfinished" })
}

func (s *Sample) failed() float64 { return s.attempted() - s.unfinished() - float64(len(s.OK())) }

func requestCounts() []Def {
	always := func(of func(*Sample) float64) func(*Sample) (float64, bool) {
		return func(s *Sample) (float64, bool) { return of(s), true }
	}
	return []Def{
		{
			Name: "requests_ok", Doc: "Requests answered in full.", Needs: Requests,
			Compute: always(func(s *Sample) float64 { return float64(len(s.OK())) }),
		},
		{
			Name: "requests_failed", Better: Lower, Doc: "Requests that ended in an error, a timeout, a truncated or empty answer, or were dropped.", Needs: Requests,
			Compute: always((*Sample).failed),
		},
		{
			Name: "requests_attempted", Doc: "requests_ok + requests_failed + those unfinished at the end.", Needs: Requests,
			Compute: always((*Sample).attempted),
		},
		{
			Name: "requests_cut", Doc: "Requests cut off by the end of the load and its grace, or by its stop.", Needs: Requests,
			Compute: always(func(s *Sample) float64 { return s.count(cut) }),
		},
		{
			Name: "error_fraction", Unit: "fraction", Better: Lower, Doc: "requests_failed ÷ requests_attempted.", Needs: Requests,
			Compute: func(s *Sample) (float64, bool) { return ratio(s.failed(), s.attempted()) },
		},
	}
}
