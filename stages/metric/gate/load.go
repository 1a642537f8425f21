package gate

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/schemas/gpu"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric"
)

const (
	maxErrors      = 0.01 // failed share above which the answered requests no longer stand for the load
	maxLengthError = 0.02 // of the requested lengths,
	minInputError  = 8    // and in tokens: a chat template adds a few,
	minOutputError = 1    // or the end of the text counts as one
	maxCached      = 0.05 // share of input from the prefix cache beyond the intended prefix
	maxMissed      = 0.05 // by which the concurrency may miss the users
	minSteadyShare = 0.5  // of the whole window, that makes a ramp of what misses
)

func loadRules() []Rule {
	return []Rule{
		{"errors", Invalid, "more than 1 % of the attempted requests failed, or none was answered", manyErrors},
		{"isl_mismatch", Invalid, "input lengths miss those requested, request by request, by more than 2 % and 8 tokens on average", mismatch(input, minInputError, islOf)},
		{"osl_mismatch", Invalid, "output lengths miss those requested, request by request, by more than 2 % and 1 token on average; where the model may end an answer, only longer ones miss", mismatch(output, minOutputError, oslOf)},
		{"prefix_contaminated", Invalid, "the prefix cache served over 5 % of the input beyond what the workload has prompts share, by the usage of answers or by the server's counters", contaminated},
		{"concurrency_missed", Invalid, "the mean number of users in flight, or thinking as they are to, misses the users by more than 5 %, and less than half of the window was steady; or a user sent nothing", concurrencyMissed},
		{"too_few_requests", Invalid, "fewer requests than users: the concurrency of the label was never reached", tooFew},
		{"identity_mismatch", Invalid, "the endpoint has other GPUs than the label says, in number or in name", otherGPUs},
		{"few_errors", Note, "some attempted requests failed, at most 1 %", fewErrors},
		{"unfinished", Note, "the end of the load and its grace came before some answers did: they are in no latency", unfinished},
		{"concurrency_ramp", Note, "the mean number of users in flight, or thinking as they are to, misses the users by more than 5 %, but at least half of the window was steady", concurrencyRamp},
		{"steady_window_empty", Note, "no stretch of time had 95 % of the users in flight or thinking, or an open loop sent for no longer than a request takes: the steady columns are null", steadyEmpty},
		{"not_warmed_up", Note, "the suite wants no warm-up: what a server does only once is in the numbers of the first cell on a deployment", notWarmedUp},
		{"length_unknown", Note, "the server told no token counts of some ok requests: rates leave them out", lengthUnknown},
		{"tokens_by_chunks", Note, "output tokens were counted as chunks, since the server gave no usage", tokensByChunks},
	}
}

func manyErrors(s *metric.Sample, _ Facts) (string, bool) {
	share, any := value(s, "error_fraction")
	return errorDetail(s), !any || len(s.OK()) == 0 || share > maxErrors
}

func fewErrors(s *metric.Sample, _ Facts) (string, bool) {
	share, _ := value(s, "error_fraction")
	return errorDetail(s), share > 0 && share <= maxErrors && len(s.OK()) > 0
}

func unfinished(s *metric.Sample, _ Facts) (string, bool) {
	n := 0
	for _, r := range s.Data.Requests {
		if r.Status == "unfinished" {
			n++
		}
	}
	return fmt.Sprintf("%d of %d requests were still under way when the load and its grace were over: raise the workload's grace if its answers take longer",
		n, len(s.Data.Requests)), n > 0
}

// errorDetail counts the failures by status, in the order of their number, and says what the first of them was.
func errorDetail(s *metric.Sample) string {
	failed, _ := value(s, "requests_failed")
	attempted, _ := value(s, "requests_attempted")
	by := map[string]int{}
	var first *table.Request
	for i, r := range s.Data.Requests {
		if r.Status != "ok" && r.Status != "unfinished" && r.Status != "cancelled" {
			by[r.Status]++
			if first == nil || r.Index < first.Index {
				first = &s.Data.Requests[i]
			}
		}
	}
	var kinds []string
	for status, n := range by {
		kinds = append(kinds, fmt.Sprintf("%d %s", n, status))
	}
	slices.Sort(kinds)
	detail := fmt.Sprintf("%.0f of %.0f requests failed", failed, attempted)
	if len(kinds) > 0 {
		detail += " (" + strings.Join(kinds, ", ") + ")"
	}
	if first != nil && first.Error != "" {
		detail += "; the first: " + first.Error
	}
	return detail
}

// The two sides of a request.
const (
	input  = "input"
	output = "output"
)

type length func(table.Request) (requested int32, actual *int32)

func islOf(r table.Request) (int32, *int32) { return r.ISLRequested, r.ISL }
func oslOf(r table.Request) (int32, *int32) { return r.OSLRequested, r.OSL }

// mismatch finds lengths that miss those requested by more than their share and by more than floor tokens on average. Each is held against its
// own row's: too long ones do not make up for short ones. An output that the model may end misses nothing by being short.
func mismatch(word string, floor float64, of length) func(*metric.Sample, Facts) (string, bool) {
	return func(s *metric.Sample, _ Facts) (string, bool) {
		var requested, actual, missed, n float64
		for _, r := range s.OK() {
			if want, got := of(r); got != nil && want > 0 { // a given text is as long as it is
				requested += float64(want)
				actual += float64(*got)
				n++
				if *got > want || word == input || !s.Cell.OSLAtMost {
					missed += math.Abs(float64(*got - want))
				}
			}
		}
		if n == 0 {
			return "", false
		}
		detail := fmt.Sprintf("mean %s is %.0f tokens, %.0f were requested", word, actual/n, requested/n)
		if missed > 1.01*math.Abs(actual-requested) {
			detail += fmt.Sprintf("; a request misses its own by %.0f", missed/n)
		}
		return detail, missed > floor*n && missed > maxLengthError*requested
	}
}

// contaminated holds what the answers say of the prefix cache, and what the server counts, against what prompts have in common by intent.
func contaminated(s *metric.Sample, facts Facts) (string, bool) {
	told, tells := value(s, "prefix_hit")
	counted, counts := countedHit(s)
	intended := intendedHit(s, facts)
	var detail string
	if tells {
		detail = fmt.Sprintf("%.0f %% of the input came from the prefix cache, %.0f %% was meant to", 100*told, 100*intended)
	}
	switch {
	case counts && tells:
		detail += fmt.Sprintf("; the server counts %.0f %%", 100*counted)
	case counts:
		detail = fmt.Sprintf("%.0f %% of the input came from the prefix cache by the server's count, %.0f %% was meant to", 100*counted, 100*intended)
	}
	return detail, (tells && told > intended+maxCached) || (counts && counted > intended+maxCached)
}

// countedHit is the share of the input that the server found in its prefix cache, by its counters. Where requests lost their place in the batch and found
// their own blocks again, it is of no use.
func countedHit(s *metric.Sample) (float64, bool) {
	a, _ := s.Server()
	if a.PrefixQueries == nil || a.PrefixHits == nil || *a.PrefixQueries == 0 || (a.Preemptions != nil && *a.Preemptions > 0) {
		return 0, false
	}
	return *a.PrefixHits / *a.PrefixQueries, true
}

// intendedHit is the share of the input that prompts have in common because the workload wants it: a shared prefix, blocks of a trace, a conversation so far. Rows of
// older loads do not tell.
func intendedHit(s *metric.Sample, facts Facts) float64 {
	var shared, input float64
	for _, r := range s.OK() {
		if r.ISL == nil {
			continue
		}
		input += float64(*r.ISL)
		if r.ISLShared != nil {
			shared += float64(*r.ISLShared)
		} else {
			shared += float64(facts.SharedPrefix)
		}
	}
	if input == 0 {
		return 0
	}
	return shared / input
}

// missed returns how the mean number in flight misses the users, and the share of the window that was steady.
func missed(s *metric.Sample) (detail string, off bool, steady float64) {
	inFlight, ok := value(s, "achieved_concurrency")
	mean, users := inFlight, float64(s.Users())
	if s.Thinks() { // so that fewer are in flight by design
		mean, ok = value(s, "users_present")
	}
	if !ok || users == 0 {
		return "", false, 0
	}
	window, _ := value(s, "window_s")
	long, _ := value(s, "steady_window_s")
	long = min(long, window) // it can outlast the window, which ends with the last token, when the last requests fail
	detail = fmt.Sprintf("%.1f requests were in flight on average for %d users, %.0f %% of the window was steady", inFlight, s.Users(), 100*long/window)
	if s.Thinks() {
		detail = fmt.Sprintf("%.1f of %d users were in flight or thinking on average, %.1f of them in flight; %.0f %% of the window was steady", mean, s.Users(), inFlight, 100*long/window)
	}
	return detail, math.Abs(mean-users) > maxMissed*users, long / window
}

func concurrencyMissed(s *metric.Sample, _ Facts) (string, bool) {
	if idle := s.Users() - users(s); s.Users() > 0 && idle > 0 {
		return fmt.Sprintf("%d of %d users never sent a request", idle, s.Users()), true
	}
	detail, off, steady := missed(s)
	return detail, off && steady < minSteadyShare
}

// users counts those that sent a request.
func users(s *metric.Sample) int {
	seen := map[int32]bool{}
	for _, r := range s.Data.Requests {
		if r.Status != "dropped" {
			seen[r.User] = true
		}
	}
	return len(seen)
}

func concurrencyRamp(s *metric.Sample, _ Facts) (string, bool) {
	detail, off, steady := missed(s)
	return detail, off && steady >= minSteadyShare
}

func steadyEmpty(s *metric.Sample, _ Facts) (string, bool) {
	_, steady := value(s, "steady_window_s")
	detail := fmt.Sprintf("95 %% of %d users were never in flight together", s.Users())
	if s.Users() == 0 {
		mean, _ := value(s, "e2el_mean_s")
		detail = fmt.Sprintf("the last request was sent before the load was as old as a request, %s s: send for longer, or at a lower rate", result.Number(mean))
	}
	return detail, (s.Users() > 0 || s.Cell.RateRPS > 0 && s.Cell.Pattern == "") && len(s.OK()) > 0 && !steady
}

func tooFew(s *metric.Sample, _ Facts) (string, bool) {
	attempted, _ := value(s, "requests_attempted")
	return fmt.Sprintf("%.0f requests for %d users: set requests to at least 8 × users", attempted, s.Users()), attempted < float64(s.Users())
}

func notWarmedUp(_ *metric.Sample, facts Facts) (string, bool) {
	return "nothing was sent to the server before its first load", facts.Cold
}

func lengthUnknown(s *metric.Sample, _ Facts) (string, bool) {
	n := 0
	for _, r := range s.OK() {
		if r.ISL == nil || r.OSL == nil {
			n++
		}
	}
	return fmt.Sprintf("%d of %d ok requests have no token counts", n, len(s.OK())), n > 0
}

func tokensByChunks(s *metric.Sample, _ Facts) (string, bool) {
	n := 0
	for _, r := range s.OK() {
		if r.TokenSource == "chunks" {
			n++
		}
	}
	return fmt.Sprintf("%d of %d ok requests have their chunks counted for tokens", n, len(s.OK())), n > 0
}

func otherGPUs(s *metric.Sample, facts Facts) (string, bool) {
	if facts.Endpoint == nil || len(facts.Endpoint.GPUs) == 0 {
		return "", false
	}
	gpus := facts.Endpoint.GPUs
	if len(gpus) != s.Cell.GPUs {
		return fmt.Sprintf("the endpoint has %d GPUs, the label says %d", len(gpus), s.Cell.GPUs), true
	}
	for _, g := range gpus {
		if !gpu.Matches(s.Cell.GPUType, g.Name) {
			return fmt.Sprintf("gpu %d of the endpoint is a %q, the label says %q", g.Index, g.Name, s.Cell.GPUType), true
		}
	}
	return "", false
}
