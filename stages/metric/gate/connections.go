package gate

import (
	"fmt"

	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/stages/metric"
)

// What a server does to its connections. It may close one that waits at any time, and now and then a
// request meets that. A server that closes over requests, again and again, has taken them: its work on them
// is in no row.
const (
	maxStale       = 0.01 // share of requests that met a closed connection, beyond which it is told
	maxClosed      = 0.10 // and beyond which the server does so by habit
	fewestClosed   = 2    // requests that make a habit
	maxUnsolicited = 0.01 // share of requests behind whose answers more came
)

func connectionRules() []Rule {
	return []Rule{
		{
			"connections_closed", Invalid, "more than 10 % of the requests, and 2 at least, were sent again: the server took " +
				"them on a connection that it had offered to keep, and closed that without an answer", connectionsClosed,
		},
		{
			"unsolicited_answers", Invalid, "for more than 1 % of the requests the server sent bytes that nobody had asked " +
				"for, behind an answer or before a request: an answer may be another request's", unsolicitedAnswers,
		},
		{
			"stale_connections", Note, "more than 1 % of the requests were sent again, but no more than 10 %, as the server " +
				"had closed the connection that it had offered to keep", staleConnections,
		},
		{
			"unsolicited_bytes", Note, "the server sent bytes that nobody had asked for, for 1 % of the requests at most: " +
				"their connections were not used again", unsolicitedBytes,
		},
	}
}

// sentAgain counts the requests that were sent more than once.
func sentAgain(s *metric.Sample) (again, sent int) {
	for _, r := range s.Data.Requests {
		if r.StaleRetries > 0 {
			again++
		}
		if r.Status != "dropped" {
			sent++
		}
	}
	return again, sent
}

func connectionsClosed(s *metric.Sample, _ Facts) (string, bool) {
	again, sent := sentAgain(s)
	detail := fmt.Sprintf("the server closed %d of %d requests' kept connections without an answer, and they were sent "+
		"again: have it keep its connections, or say Connection: close", again, sent)
	return detail, again >= fewestClosed && float64(again) > maxClosed*float64(sent)
}

func staleConnections(s *metric.Sample, facts Facts) (string, bool) {
	_, closed := connectionsClosed(s, facts)
	retries, _ := value(s, "stale_retries")
	n := len(s.Data.Requests)
	return fmt.Sprintf("%.0f times a request of %d was sent again: the server keeps no idle connection for long",
		retries, n), retries > maxStale*float64(n) && !closed
}

// unsolicited says how often bytes came that nobody had asked for, and whether that is more than now and
// then.
func unsolicited(s *metric.Sample, facts Facts) (detail string, n int64, often bool) {
	_, sent := sentAgain(s)
	detail = fmt.Sprintf("%d times in %d requests the server sent bytes that no request had asked for; each time the "+
		"connection was closed", facts.Client.Unsolicited, sent)
	if misplaced := facts.Client.MisplacedAnswers; misplaced > 0 {
		detail += fmt.Sprintf("; %s did not get the answer to itself", plural.Of(int(misplaced), "request"))
	}
	n = facts.Client.Unsolicited + facts.Client.MisplacedAnswers
	return detail, n, float64(n) > maxUnsolicited*float64(sent)
}

func unsolicitedAnswers(s *metric.Sample, facts Facts) (string, bool) {
	detail, n, often := unsolicited(s, facts)
	return detail, n > 0 && often
}

func unsolicitedBytes(s *metric.Sample, facts Facts) (string, bool) {
	detail, n, often := unsolicited(s, facts)
	return detail, n > 0 && !often
}
