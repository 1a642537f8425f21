// Package metrics counts what a simulated vLLM server has served and prints
// it in Prometheus' text format under vLLM's names.
//
// Invariant: it counts only what it is told, in simulated seconds, and prints
// the same bytes for the same counts.
package metrics

import "slices"

// Bucket bounds in seconds, vLLM's.
var (
	ttftBounds = [...]float64{.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560}
	tpotBounds = [...]float64{.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80}
	e2eBounds  = [...]float64{.3, .5, .8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680}
)

// tokenBounds are vLLM's for counts of tokens: 1, 2, 5, 10, … up to a request's most.
func tokenBounds(maxModelLen int) []float64 {
	var bounds []float64
	for decade := 1; ; decade *= 10 {
		for _, step := range [...]int{1, 2, 5} {
			if step*decade > maxModelLen {
				return bounds
			}
			bounds = append(bounds, float64(step*decade))
		}
	}
}

// Reasons are the values of request_success_total's label, in print order.
var reasons = [...]string{"abort", "length", "stop"}

// Set holds the counters. It is not safe for concurrent use.
type Set struct {
	model      string
	generation int
	finished   [len(reasons)]int

	ttft, tpot                histogram // of tokens
	e2e, decode, requestTPOT  histogram // of requests
	prompt, output, maxTokens histogram // tokens of requests
}

// New returns counters at zero, labelled with the model's served name, of a
// model with this context length.
func New(model string, maxModelLen int) *Set {
	tokens := tokenBounds(maxModelLen)
	return &Set{
		model: model,
		ttft:  newHistogram(ttftBounds[:]), tpot: newHistogram(tpotBounds[:]),
		e2e: newHistogram(e2eBounds[:]), decode: newHistogram(e2eBounds[:]), requestTPOT: newHistogram(tpotBounds[:]),
		prompt: newHistogram(tokens), output: newHistogram(tokens), maxTokens: newHistogram(tokens),
	}
}

// FirstToken counts a request's first token, `seconds` after its arrival.
func (s *Set) FirstToken(seconds float64) { s.generation++; s.ttft.observe(seconds, 1) }

// Tokens counts further tokens of a request, `seconds` after those before.
func (s *Set) Tokens(n int, seconds float64) {
	s.generation += n
	s.tpot.observe(seconds/float64(n), n)
}

// Request is one that came to its end.
type Request struct {
	Reason                                string  // "length" or "stop"
	PromptTokens, OutputTokens, MaxTokens int     // MaxTokens is what it asked for
	DecodeSeconds                         float64 // first token to last
	E2ESeconds                            float64 // arrival to last token
}

// Finished counts a request that came to its end.
func (s *Set) Finished(r Request) {
	s.finished[slices.Index(reasons[:], r.Reason)]++
	s.e2e.observe(r.E2ESeconds, 1)
	s.decode.observe(r.DecodeSeconds, 1)
	s.requestTPOT.observe(r.DecodeSeconds/float64(max(1, r.OutputTokens-1)), 1)
	s.prompt.observe(float64(r.PromptTokens), 1)
	s.output.observe(float64(r.OutputTokens), 1)
	s.maxTokens.observe(float64(r.MaxTokens), 1)
}

// Aborted counts a request whose client left. As with vLLM, nothing else is counted of it.
func (s *Set) Aborted() { s.finished[slices.Index(reasons[:], "abort")]++ }

// Engine is the scheduler's own account at one time.
type Engine struct {
	Running, Waiting          int
	KVUsage                   float64 // 0 to 1
	KVBlocks, BlockTokens     int
	PromptTokens              int // cumulative, as the next three
	PrefixQueries, PrefixHits int
	Preemptions               int
}

// histogram counts by bucket; the last count is of what lies above all bounds.
type histogram struct {
	bounds []float64
	counts []int
	sum    float64
}

func newHistogram(bounds []float64) histogram {
	return histogram{bounds: bounds, counts: make([]int, len(bounds)+1)}
}

// observe counts a value n times.
func (h *histogram) observe(v float64, n int) {
	// A value on a bound belongs to that bucket: le means "less or equal".
	i, _ := slices.BinarySearch(h.bounds, v)
	h.counts[i] += n
	h.sum += v * float64(n)
}
