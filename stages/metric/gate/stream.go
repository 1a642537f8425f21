package gate

import (
	"fmt"
	"math"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric"
)

const (
	maxUntimed    = 0.01   // of the output tokens, above which latencies no longer stand for the answers
	maxUnstreamed = 0.01   // of the answers of more than one token, likewise
	maxSkew       = 0.25   // by which the mean of the paces may miss the median pace
	minGapOfMean  = 0.10   // a median gap below this share of the mean says that chunks came in bunches,
	minSingle     = 0.95   // chunks to a token from which on chunks are taken for single tokens
	maxBunchGap   = 0.0005 // if it is shorter than this, too: a prefill between steady tokens stretches the mean
)

func streamRules() []Rule {
	return []Rule{
		{
			"not_streamed", Invalid, "more than 1 % of the answers of several tokens came at one instant, or tokens " +
				"came in bunches though this client read them at once: a proxy on the way or the server's stream " +
				"interval held them back", notStreamed,
		},
		{
			"tokens_untimed", Invalid, "the server counted over 1 % more output tokens than came in a form whose " +
				"arrival could be seen, and does not say that they were reasoning", tokensUntimed,
		},
		{
			"reasoning_unseen", Note, "the server counted reasoning that it did not stream: ttft ends with the first " +
				"token of the answer, and the times between tokens are those of the answer", reasoningUnseen,
		},
		{
			"interactivity_skewed", Note, "interactivity_mean is more than 25 % from interactivity_p50: a few answers " +
				"were much faster than the others", interactivitySkewed,
		},
	}
}

// notStreamed finds answers that came at one instant, and tokens that came in bunches.
func notStreamed(s *metric.Sample, facts Facts) (string, bool) {
	several, atOnce, inOne := 0, 0, 0
	for _, r := range s.OK() {
		if n, known := metric.Timed(r); !known || n <= 1 {
			continue
		}
		several++
		if metric.Streamed(r) {
			continue
		}
		atOnce++
		if r.Chunks == 1 {
			inOne++
		}
	}
	if several == 0 || float64(atOnce) <= maxUnstreamed*float64(several) {
		return bunchedOnTheWay(s, facts)
	}
	why := "a proxy between here and the server holds the stream back: switch its buffering off"
	if inOne == atOnce {
		why = "each came in one delta: lower the server's stream interval, or look for a proxy that gathers deltas"
	}
	return fmt.Sprintf("%d of %d answers of several tokens came at one instant; %s", atOnce, several, why), true
}

// bunchedOnTheWay finds tokens that came in bunches and did not wait here to be read.
func bunchedOnTheWay(s *metric.Sample, facts Facts) (string, bool) {
	median, mean, found := bunched(s, facts)
	detail := fmt.Sprintf("the median gap between tokens is %.3f ms, the mean %.1f ms, and what came was read at "+
		"once: a proxy between here and the server passes tokens on in bunches, or the server writes them so",
		1e3*median, 1e3*mean)
	return detail, found && !readLate(facts, mean)
}

// bunched looks at the gaps between chunks, which are stamped when they are read: those that were read
// together have one time. Gaps are in seconds of this machine's clock.
func bunched(s *metric.Sample, facts Facts) (median, mean float64, found bool) {
	var tokens, chunks float64
	for _, r := range s.OK() {
		if r.OSL != nil {
			tokens += float64(*r.OSL)
			chunks += float64(r.Chunks)
		}
	}
	if chunks < minSingle*tokens {
		return 0, 0, false // a server that sends several tokens at once makes bunches of its own
	}
	mean, ok := value(s, "icl_mean_s")
	median, _ = value(s, "icl_p50_s")
	mean, median = mean/facts.speed(), median/facts.speed()
	return median, mean, ok && median < min(maxBunchGap, minGapOfMean*mean)
}

// readLate reports whether bytes waited in this machine for as long as tokens are apart, or whether nobody
// knows.
func readLate(facts Facts, gapSeconds float64) bool {
	lag := facts.Client.ReadLag
	if lag.Samples == 0 {
		lag = facts.Client.TickLag
	}
	return lag.Samples < minLagSamples || lag.P99 >= gapSeconds
}

// tokensUntimed holds the tokens that the server counted against those whose arrival was seen. A token has
// a byte of text at least: where there are fewer bytes than tokens, some were not sent.
func tokensUntimed(s *metric.Sample, _ Facts) (string, bool) {
	var counted, untimed, unread, bytes float64
	for _, r := range s.OK() {
		if r.OSL == nil || r.OSLTimed == nil || r.TokenSource != "usage" {
			continue
		}
		hidden := float64(hiddenReasoning(r))
		counted += float64(*r.OSL) - hidden
		untimed += float64(*r.OSL-*r.OSLTimed) - hidden
		bytes += float64(r.OutputBytes)
		if r.Unread != nil {
			unread += float64(*r.Unread)
		}
	}
	untimed = max(untimed, counted-bytes)
	detail := fmt.Sprintf("%.0f of %.0f output tokens came in no form that is read, so that no latency rests on them",
		untimed, counted)
	if unread > 0 {
		detail += fmt.Sprintf("; %.0f events had text under names that are not known", unread)
	}
	return detail, untimed > maxUntimed*counted
}

// hiddenReasoning returns the tokens of reasoning that a request's server counted and did not stream.
func hiddenReasoning(r table.Request) int32 {
	if r.Reasoning == nil || r.OSL == nil || r.OSLTimed == nil || *r.OSLTimed > *r.OSL-*r.Reasoning {
		return 0
	}
	return *r.Reasoning
}

func reasoningUnseen(s *metric.Sample, _ Facts) (string, bool) {
	n, hidden, seen := 0, 0.0, 0.0
	for _, r := range s.OK() {
		if unseen := hiddenReasoning(r); unseen > 0 {
			n++
			hidden += float64(unseen)
			seen += float64(*r.OSLTimed)
		}
	}
	detail := fmt.Sprintf("%d of %d answers have reasoning that was not streamed, %.0f tokens: latencies rest on "+
		"the other %.0f", n, len(s.OK()), hidden, seen)
	return detail, n > 0
}

func interactivitySkewed(s *metric.Sample, _ Facts) (string, bool) {
	mean, ok := value(s, "interactivity_mean")
	median, _ := value(s, "interactivity_p50")
	detail := fmt.Sprintf("interactivity_mean is %.4g tokens/s/user, half of the answers have up to %.4g: compare "+
		"interactivity, 1 ÷ mean tpot", mean, median)
	return detail, ok && math.Abs(mean-median) > maxSkew*median
}
