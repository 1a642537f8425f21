package gate

import (
	"fmt"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/metric"
)

// A server is called overloaded if its answers fell behind by more than minGrowth of the time in which they were sent and by minFallen of a
// request, and if that is sureGrowth standard errors away from nothing. Near its capacity a server's queue wanders by chance alone.
const (
	minGrowth  = 0.1
	minFallen  = 0.25
	sureGrowth = 4
)

func openRules() []Rule {
	return []Rule{
		{"overloaded", Note, "an open loop asked for more than the server gave: requests were dropped, or took ever longer, by over 0.1 s for each second of sending; " +
			"latencies are then those of this many requests and grow with their number", overloaded},
	}
}

func overloaded(s *metric.Sample, _ Facts) (string, bool) {
	rate := s.Cell.RateRPS
	if rate == 0 {
		return "", false
	}
	sent, ok := value(s, "sent_rps")
	if !ok {
		return "", false
	}
	dropped, what := 0, "requests"
	if s.Talks() {
		what = "conversations"
	}
	for _, r := range s.Data.Requests {
		if r.Status == "dropped" {
			dropped++
		}
	}
	if dropped > 0 {
		return fmt.Sprintf("%d of %d requests were dropped: %s/s were sent of %s/s that were due", dropped, len(s.Data.Requests), result.Number(sent), result.Number(rate)), true
	}
	g, ok := s.Growth()
	return fmt.Sprintf("%s %s/s were sent and %s/s answered: each second of sending made them take %s s longer",
			result.Number(sent), what, result.Number(g.AnsweredRPS(sent)), result.Number(g.PerSecond)),
		ok && g.PerSecond > minGrowth && g.PerSecond > sureGrowth*g.Error && g.Seconds > minFallen*g.Mean
}
