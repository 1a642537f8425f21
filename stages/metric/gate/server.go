package gate

import (
	"fmt"
	"math"
	"slices"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/account"
)

// A server's own account and the client's are of one load. Where they contradict each other by more than what follows, one of them is of something
// else.
const (
	maxTokensOff  = 0.01  // of tokens: engines and their usage count the end of a sequence differently
	maxForeign    = 0.01  // of tokens or requests: more of others' work changes the times of the load's own
	maxInFlight   = 0.20  // of the requests in flight that the server does not have
	fewestLooks   = 4     // at a queue or a batch, before anything is said of them
	maxTTFTBeyond = 0.05  // of the client's ttft, by which the server's may exceed it
	clockSlack    = 0.002 // seconds of this machine likewise: a simulated server may write by so much early
	minQueue      = 0.05  // of what the server has waits, where its queue is more than what comes between two of its steps
	minOutside    = 0.25  // of the client's ttft,
	minOutsideSec = 0.010 // and seconds of this machine, from which on a delay outside of the server is told
)

func serverRules() []Rule {
	return []Rule{
		{"server_restarted", Invalid, "the server's process became a later one in the middle of the load, or its counters went back once while requests failed: it restarted", serverRestarted},
		{"token_mismatch", Invalid, "the server generated fewer tokens than the client was told of in the usage of its answers, by over 1 %", tokenMismatch},
		{"foreign_traffic", Invalid, "the server worked for others during the load: over 1 % of its tokens, or of its requests, were not the load's", foreignTraffic},
		{"ttft_mismatch", Invalid, "the server's mean time to first token is above the client's, by over 5 % and 2 ms: no client sees a token before its server", ttftMismatch},
		{"little_foreign_traffic", Note, "the server worked for others during the load: at most 1 % of its tokens and of its requests were not the load's", littleForeign},
		{"server_several", Note, "several servers showed their metrics by turns, or one of them ended over 1 % fewer requests than were answered: name each one's metrics in the provider's metrics_urls", serverSeveral},
		{"server_concurrency", Note, "the requests that the server had, running or waiting, miss those that the client had in flight at the same times by over 20 % and a whole one: " +
			"they were held up before the server, or others had some there", serverConcurrency},
		{"delay_outside_server", Note, "a quarter of the mean time to first token, and over 10 ms, passed outside of the server: in the network, in what stands before the engine, or in the client", delayOutside},
		{"server_queue", Note, "requests waited in the server's queue whenever it was looked at, 5 % of those that it had: the load is more than the server takes at once, and times to first token contain the wait", serverQueue},
		{"preemptions", Note, "requests lost their place in the server's batch and were computed again: its KV cache is too small for this load", preempted},
	}
}

func serverRestarted(s *metric.Sample, _ Facts) (string, bool) {
	a, _ := s.Server()
	return "the server restarted in the middle of the load: what it counted before is lost",
		a.Lives == account.Restarted || (a.Lives == account.Reset && disturbed(s))
}

// disturbed reports whether any request failed, or had to be sent again. A server that restarts while it has requests does that to them.
func disturbed(s *metric.Sample) bool {
	return slices.ContainsFunc(s.Data.Requests, func(r table.Request) bool {
		return r.StaleRetries > 0 || !slices.Contains([]string{"ok", "dropped", "unfinished", "cancelled"}, r.Status)
	})
}

// several reports whether the account is of one of several servers, or of each by turns, with what shows it.
func several(s *metric.Sample) (detail string, yes bool) {
	a, _ := s.Server()
	if a.Lives == account.Several || (a.Lives == account.Reset && !disturbed(s)) {
		return "/metrics was answered by several servers by turns", true
	}
	if ok := float64(len(s.OK())); a.Finished != nil && *a.Finished < (1-maxTokensOff)*ok {
		return fmt.Sprintf("the server that showed its metrics ended %s requests, and %s were answered", grouped(*a.Finished), grouped(ok)), true
	}
	return "", false
}

func serverSeveral(s *metric.Sample, _ Facts) (string, bool) {
	detail, yes := several(s)
	return detail + ": where several servers have one address, name that of each one's metrics in metrics_urls of the provider", yes
}

// told is what the client knows of the load's own requests.
type told struct {
	sent  float64 // requests
	least float64 // output tokens of those that were answered in full, by the usage of their answers
	most  float64 // with those that the others, and those whose answers tell no usage, may have had
}

func tell(s *metric.Sample) told {
	var t told
	for _, r := range s.Data.Requests {
		if r.Status == "dropped" {
			continue
		}
		t.sent += 1 + float64(r.StaleRetries)
		switch {
		case r.OSL == nil:
			t.most += float64(r.OSLRequested)
		case r.Status == "ok" && r.TokenSource == "usage":
			t.least += float64(*r.OSL)
			t.most += float64(*r.OSL)
		default: // a chunk may hold several tokens
			t.most += float64(max(*r.OSL, r.OSLRequested))
		}
	}
	return t
}

func tokenMismatch(s *metric.Sample, _ Facts) (string, bool) {
	a, _ := s.Server()
	t := tell(s)
	if _, others := several(s); others || a.OutputTokens == nil || t.least == 0 {
		return "", false
	}
	return fmt.Sprintf("the server counts %s generated tokens, its answers to the client had %s", grouped(*a.OutputTokens), grouped(t.least)),
		*a.OutputTokens < (1-maxTokensOff)*t.least
}

// foreign is what share of the server's work was not the load's, with the figures.
func foreign(s *metric.Sample) (detail string, share float64) {
	a, ok := s.Server()
	if !ok {
		return "", 0
	}
	t := tell(s)
	if a.OutputTokens != nil {
		if extra := *a.OutputTokens - t.most; extra > maxTokensOff*t.most {
			detail, share = fmt.Sprintf("%s of %s tokens that the server generated were for others", grouped(extra), grouped(*a.OutputTokens)), extra / *a.OutputTokens
		}
	}
	if a.Finished != nil && *a.Finished > t.sent {
		if detail != "" {
			detail += ", and "
		}
		detail += fmt.Sprintf("%s of %s requests that it ended", grouped(*a.Finished-t.sent), grouped(*a.Finished))
		if share == 0 {
			detail += " were others'"
		}
		share = max(share, (*a.Finished-t.sent) / *a.Finished)
	}
	return detail, share
}

func foreignTraffic(s *metric.Sample, _ Facts) (string, bool) {
	detail, share := foreign(s)
	return detail, share > maxForeign
}

func littleForeign(s *metric.Sample, _ Facts) (string, bool) {
	detail, share := foreign(s)
	return detail, share > 0 && share <= maxForeign
}

// ttfts are the mean times to first token of the client and of the server, where both are of the same requests: of all that had one. One that only the
// server saw, of a request that was given up or another's, may have waited for longer than all others together.
func ttfts(s *metric.Sample) (client, server float64, ok bool) {
	a, _ := s.Server()
	if a.TTFTMeanSeconds == nil {
		return 0, 0, false
	}
	n := 0.0
	for _, r := range s.Data.Requests {
		if r.TFirstToken != nil {
			n++
			client += (float64(*r.TFirstToken-r.TSend)/1e9 - client) / n
		}
	}
	return client, *a.TTFTMeanSeconds, n > 0 && *a.TTFTCount == n
}

func ttftMismatch(s *metric.Sample, facts Facts) (string, bool) {
	client, server, ok := ttfts(s)
	return fmt.Sprintf("the server counts a mean ttft of %s s, the client measured %s s", result.Number(server), result.Number(client)),
		ok && server-client > max(maxTTFTBeyond*client, clockSlack*facts.speed())
}

func delayOutside(s *metric.Sample, facts Facts) (string, bool) {
	client, server, ok := ttfts(s)
	outside := client - server
	detail := fmt.Sprintf("%s s of the mean ttft of %s s passed outside of the server, which counts %s s", result.Number(outside), result.Number(client), result.Number(server))
	if facts.Endpoint != nil && facts.Endpoint.RTTSeconds > 0 {
		detail += fmt.Sprintf("; a request that does no work takes %s s", result.Number(facts.Endpoint.RTTSeconds))
	}
	return detail, ok && outside > max(minOutside*client, minOutsideSec*facts.speed())
}

// serverConcurrency looks at the same times at both sides, so that it does not matter how few they are.
func serverConcurrency(s *metric.Sample, _ Facts) (string, bool) {
	if _, others := several(s); others {
		return "", false // each look is at one of them
	}
	var server, client, n float64
	for _, r := range account.During(s.Data.Server) {
		if r.Running == nil || r.Waiting == nil {
			continue
		}
		at := s.InFlightAt(r.TSend, r.TDone)
		n++
		client += float64(at[0]+at[1]) / 2
		server += *r.Running + *r.Waiting
	}
	if n < fewestLooks {
		return "", false
	}
	client, server = client/n, server/n
	return fmt.Sprintf("the server had %s requests on average when the client had %s in flight", result.Number(server), result.Number(client)),
		math.Abs(server-client) > max(1, maxInFlight*client)
}

func serverQueue(s *metric.Sample, _ Facts) (string, bool) {
	looks, least, most, waiting, running, mostRunning := 0, math.Inf(1), 0.0, 0.0, 0.0, 0.0
	for _, r := range s.ServerUnderLoad() {
		if r.Waiting == nil {
			continue
		}
		looks++
		least, most, waiting = min(least, *r.Waiting), max(most, *r.Waiting), waiting+*r.Waiting
		if r.Running != nil {
			running, mostRunning = running+*r.Running, max(mostRunning, *r.Running)
		}
	}
	if looks < fewestLooks {
		return "", false
	}
	detail := fmt.Sprintf("%s requests waited on average, never fewer than %s and at most %s", result.Number(waiting/float64(looks)), grouped(least), grouped(most))
	if running > 0 {
		detail += fmt.Sprintf(", while at most %s ran", grouped(mostRunning))
	}
	if a, _ := s.Server(); a.QueueMeanSeconds != nil {
		detail += fmt.Sprintf("; a request waited %s s", result.Number(*a.QueueMeanSeconds))
	}
	return detail, least >= 1 && waiting >= minQueue*(waiting+running)
}

func preempted(s *metric.Sample, _ Facts) (string, bool) {
	a, _ := s.Server()
	if a.Preemptions == nil {
		return "", false
	}
	detail := fmt.Sprintf("%s preemptions in %d requests", grouped(*a.Preemptions), len(s.OK()))
	if a.KVUsage != nil {
		detail += fmt.Sprintf(": at most %.0f %% of the KV cache was in use", 100*a.KVUsage.Max)
	}
	return detail, *a.Preemptions > 0
}

func grouped(v float64) string { return result.Group(fmt.Sprintf("%.0f", v)) }
