// Package account sums up what a server said of itself from before a load to after it. Its invariant: what counters grew by is of one life of the
// server — where it restarted nothing is said of them — and what the server did not tell is nil, never zero.
package account

import (
	"slices"

	"github.com/strangeloopio/inferencex/schemas/table"
)

// Account is a server's own account of a load. Counts are of everything that it did meanwhile, whoever asked for it; times are of its clock.
type Account struct {
	Engine   string  `json:"engine"`   // whose names its metrics have
	Readings int     `json:"readings"` // during the load, which means and highest values are over
	Seconds  float64 `json:"seconds"`  // from the first reading to the last
	Lives    Lives   `json:"lives,omitempty"`

	InputTokens   *float64 `json:"input_tokens,omitempty"`
	OutputTokens  *float64 `json:"output_tokens,omitempty"`
	PrefixQueries *float64 `json:"prefix_queries,omitempty"` // input tokens looked up in the prefix cache
	PrefixHits    *float64 `json:"prefix_hits,omitempty"`    // of these, found
	Preemptions   *float64 `json:"preemptions,omitempty"`
	Finished      *float64 `json:"finished,omitempty"` // requests that ended, aborted ones too

	TTFTCount        *float64 `json:"ttft_count,omitempty"` // requests that ttft_mean_s is over
	TTFTMeanSeconds  *float64 `json:"ttft_mean_s,omitempty"`
	TPOTMeanSeconds  *float64 `json:"tpot_mean_s,omitempty"`  // over tokens, or over requests where the engine observes it of these
	QueueMeanSeconds *float64 `json:"queue_mean_s,omitempty"` // that a request waited

	Running *Level `json:"running,omitempty"` // requests in the batch
	Waiting *Level `json:"waiting,omitempty"` // requests in the queue
	KVUsage *Level `json:"kv_usage,omitempty"`
	HitRate *Level `json:"hit_rate,omitempty"` // of the prefix cache, as an engine reckons it that counts no queries
}

// Lives says of how many lives of a server, or of how many servers, an account is.
type Lives string

// The lives of a server. Of all but the first nothing adds up.
const (
	OneLife   Lives = ""
	Restarted Lives = "restarted" // its process is a later one
	Several   Lives = "several"   // servers answered by turns, as those do that share an address
	Reset     Lives = "reset"     // counters went back once, and nothing says of processes: either
)

// Level is what a gauge showed during a load.
type Level struct {
	Mean float64 `json:"mean"`
	Max  float64 `json:"max"`
}

// The words of a reading's phase.
const (
	before = "before"
	during = "during"
	after  = "after"
)

// Of sums up readings, in any order. It is false where there are none.
func Of(rows []table.Server) (Account, bool) {
	if len(rows) == 0 {
		return Account{}, false
	}
	rows = slices.SortedStableFunc(slices.Values(rows), func(a, b table.Server) int { return int(a.TSend - b.TSend) })
	first, last := rows[0], rows[len(rows)-1]
	within := During(rows)
	a := Account{
		Engine: last.Engine, Readings: len(within), Seconds: float64(last.TDone-first.TSend) / 1e9,
		Running: level(within, func(r table.Server) *float64 { return r.Running }),
		Waiting: level(within, func(r table.Server) *float64 { return r.Waiting }),
		KVUsage: level(within, func(r table.Server) *float64 { return r.KVUsage }),
		HitRate: level(within, func(r table.Server) *float64 { return r.HitRate }),
	}
	a.Lives = lives(rows)
	if first.Phase == before && last.Phase == after && a.Lives == OneLife {
		a.count(first, last)
	}
	return a, true
}

// During returns the readings that were taken during the load.
func During(rows []table.Server) []table.Server {
	var within []table.Server
	for _, r := range rows {
		if r.Phase == during {
			within = append(within, r)
		}
	}
	return within
}

// count takes in what counters grew by.
func (a *Account) count(first, last table.Server) {
	a.InputTokens = grown(first.InputTokens, last.InputTokens)
	a.OutputTokens = grown(first.OutputTokens, last.OutputTokens)
	a.PrefixQueries = grown(first.PrefixQueries, last.PrefixQueries)
	a.PrefixHits = grown(first.PrefixHits, last.PrefixHits)
	a.Preemptions = grown(first.Preemptions, last.Preemptions)
	a.Finished = grown(first.Finished, last.Finished)
	a.TTFTCount = grown(first.TTFTCount, last.TTFTCount)
	a.TTFTMeanSeconds = over(grown(first.TTFTSumSeconds, last.TTFTSumSeconds), a.TTFTCount)
	a.TPOTMeanSeconds = over(grown(first.TPOTSumSeconds, last.TPOTSumSeconds), grown(first.TPOTCount, last.TPOTCount))
	a.QueueMeanSeconds = over(grown(first.QueueSumSeconds, last.QueueSumSeconds), grown(first.QueueCount, last.QueueCount))
}

// lives tells a restart, which makes a later process, from several servers: of these one began earlier than the one that answered before it. Where nothing
// is said of processes, counters that go back again and again are those of several.
func lives(rows []table.Server) Lives {
	later, turns := false, 0
	for i := 1; i < len(rows); i++ {
		a, b := rows[i-1], rows[i]
		switch known := a.ProcessStart != nil && b.ProcessStart != nil; {
		case known && *b.ProcessStart > *a.ProcessStart:
			later = true
		case known && *b.ProcessStart < *a.ProcessStart:
			return Several
		case back(a, b):
			turns++
		}
	}
	switch {
	case turns > 1:
		return Several
	case later:
		return Restarted
	case turns == 1:
		return Reset
	default:
		return OneLife
	}
}

// back reports whether any counter has gone back.
func back(a, b table.Server) bool {
	for _, pair := range [][2]*float64{
		{a.InputTokens, b.InputTokens},
		{a.OutputTokens, b.OutputTokens},
		{a.PrefixQueries, b.PrefixQueries},
		{a.PrefixHits, b.PrefixHits},
		{a.Preemptions, b.Preemptions},
		{a.Finished, b.Finished},
		{a.TTFTCount, b.TTFTCount},
		{a.TPOTCount, b.TPOTCount},
		{a.QueueCount, b.QueueCount},
	} {
		if pair[0] != nil && pair[1] != nil && *pair[1] < *pair[0] {
			return true
		}
	}
	return false
}

// grown is what a counter grew by. One that is there only in the end was not shown before it counted anything, as client libraries do with labelled
// ones.
func grown(first, last *float64) *float64 {
	if last == nil {
		return nil
	}
	by := *last
	if first != nil {
		by -= *first
	}
	return &by
}

// over is a mean, or nil of nothing.
func over(sum, count *float64) *float64 {
	if sum == nil || count == nil || *count <= 0 {
		return nil
	}
	mean := *sum / *count
	return &mean
}

func level(rows []table.Server, of func(table.Server) *float64) *Level {
	var l Level
	n := 0.0
	for _, r := range rows {
		if v := of(r); v != nil {
			n++
			l.Mean += (*v - l.Mean) / n
			l.Max = max(l.Max, *v)
		}
	}
	if n == 0 {
		return nil
	}
	return &l
}
