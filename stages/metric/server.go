package metric

import (
	"slices"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric/account"
)

// Server returns the server's own account of the load, or false where it gave none.
func (s *Sample) Server() (account.Account, bool) {
	a := s.server()
	if a == nil {
		return account.Account{}, false
	}
	return *a, true
}

func (s *Sample) findServer() *account.Account {
	a, ok := account.Of(s.Data.Server)
	if !ok {
		return nil
	}
	return &a
}

// ServerUnderLoad returns what was read of the server while the load was what its label says: with all users in flight, but for a few between two
// requests, or in the steady window of an open loop. Of a load that changes it is all that was read.
func (s *Sample) ServerUnderLoad() []table.Server {
	users, w := float64(s.Users()), s.steady()
	var under []table.Server
	for _, r := range account.During(s.Data.Server) {
		switch {
		case users > 0:
			if at := countAt(s.presence(), r.TSend, r.TDone); float64(min(at[0], at[1])) < steadyShare*users {
				continue
			}
		case !w.empty() && (r.TSend < w.from || r.TDone > w.to):
			continue
		}
		under = append(under, r)
	}
	return under
}

// InFlightAt returns how many requests were in flight at each of such times on the load's clock.
func (s *Sample) InFlightAt(timesNS ...int64) []int {
	return countAt(flights(s.Data.Requests), timesNS...)
}

// countAt returns how many of the spans there are at each of such times.
func countAt(spans []span, timesNS ...int64) []int {
	var begins, ends []int64
	for _, s := range spans {
		begins, ends = append(begins, s.from), append(ends, s.to)
	}
	slices.Sort(begins)
	slices.Sort(ends)
	numbers := make([]int, len(timesNS))
	for i, t := range timesNS {
		begun, _ := slices.BinarySearch(begins, t+1)
		ended, _ := slices.BinarySearch(ends, t+1)
		numbers[i] = begun - ended
	}
	return numbers
}

// ofServer is a metric that the server's own account has, where there is one.
func ofServer(of func(account.Account) *float64) func(*Sample) (float64, bool) {
	return func(s *Sample) (float64, bool) {
		a, ok := s.Server()
		if !ok {
			return 0, false
		}
		v := of(a)
		if v == nil {
			return 0, false
		}
		return *v, true
	}
}

func mean(l *account.Level) *float64 {
	if l == nil {
		return nil
	}
	return &l.Mean
}

func highest(l *account.Level) *float64 {
	if l == nil {
		return nil
	}
	return &l.Max
}

// served are the columns of the server's own account. None has a better side: objectives are about what clients got.
func served() []Def {
	const since = " from before the load's first request to after its last answer, whoever asked."
	defs := []Def{
		{
			Name: "server_requests", Doc: "Requests that the server ended, aborted ones too," + since,
			Compute: ofServer(func(a account.Account) *float64 { return a.Finished }),
		},
		{
			Name: "server_input_tokens", Unit: "tokens", Doc: "Input tokens that the server counted, cached ones too," + since,
			Compute: ofServer(func(a account.Account) *float64 { return a.InputTokens }),
		},
		{
			Name: "server_output_tokens", Unit: "tokens", Doc: "Tokens that the server generated" + since,
			Compute: ofServer(func(a account.Account) *float64 { return a.OutputTokens }),
		},
		{
			Name: "server_prefix_hit", Unit: "fraction",
			Doc: "Share of the input that the server found in its prefix cache: Δ hits ÷ Δ queries; the mean of its own hit rate where it counts no queries.",
			Compute: func(s *Sample) (float64, bool) {
				a, _ := s.Server()
				if a.PrefixQueries != nil && a.PrefixHits != nil {
					return ratio(*a.PrefixHits, *a.PrefixQueries)
				}
				return ofServer(func(a account.Account) *float64 { return mean(a.HitRate) })(s)
			},
		},
		{
			Name: "server_preemptions", Doc: "Requests that lost their place in the server's batch for want of KV cache," + since,
			Compute: ofServer(func(a account.Account) *float64 { return a.Preemptions }),
		},
		{
			Name: "server_running_mean", Unit: "requests", Doc: "Mean number of requests in the server's batch, over its readings during the load.",
			Compute: ofServer(func(a account.Account) *float64 { return mean(a.Running) }),
		},
		{
			Name: "server_running_max", Unit: "requests", Doc: "Most requests in the server's batch at any reading.",
			Compute: ofServer(func(a account.Account) *float64 { return highest(a.Running) }),
		},
		{
			Name: "server_queue_mean", Unit: "requests", Doc: "Mean number of requests in the server's queue, over its readings during the load.",
			Compute: ofServer(func(a account.Account) *float64 { return mean(a.Waiting) }),
		},
		{
			Name: "server_queue_max", Unit: "requests", Doc: "Most requests in the server's queue at any reading.",
			Compute: ofServer(func(a account.Account) *float64 { return highest(a.Waiting) }),
		},
		{
			Name: "server_kv_usage_max", Unit: "fraction", Doc: "Highest share of the KV cache in use at any reading.",
			Compute: ofServer(func(a account.Account) *float64 { return highest(a.KVUsage) }),
		},
		{
			Name: "server_ttft_mean_s", Unit: "s", Doc: "Mean time from a request's arrival at the server to its first token, by the server's histogram: Δ sum ÷ Δ count.",
			Compute: ofServer(func(a account.Account) *float64 { return a.TTFTMeanSeconds }),
		},
		{
			Name: "server_queue_time_mean_s", Unit: "s", Doc: "Mean time that a request waited in the server's queue, by its histogram; in server_ttft_mean_s.",
			Compute: ofServer(func(a account.Account) *float64 { return a.QueueMeanSeconds }),
		},
		{
			Name: "server_tpot_mean_s", Unit: "s",
			Doc:     "Mean time between a request's tokens, by the server's histogram: over tokens, or over requests where the engine observes it of these.",
			Compute: ofServer(func(a account.Account) *float64 { return a.TPOTMeanSeconds }),
		},
	}
	for i := range defs {
		defs[i].Needs = Server
	}
	return defs
}
