// Package metrics counts what a simulated vLLM server has served and prints
// it in Prometheus' text format under vLLM's names.
//
// Invariant: it counts only what it is told, in simulated seconds, and prints
// the same bytes for the same counts.
package metrics

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// Bucket bounds in seconds, vLLM's.
var (
	ttftBounds = [...]float64{.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560}
	tpotBounds = [...]float64{.01, .025, .05, .075, .1, .15, .2, .3, .4, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80}
	e2eBounds  = [...]float64{.3, .5, .8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680}
)

// Reasons are the values of request_success_total's label, in print order.
var reasons = [...]string{"abort", "length", "stop"}

// Set holds the counters. It is not safe for concurrent use.
type Set struct {
	model      string
	generation int
	finished   [len(reasons)]int
	ttft       histogram
	tpot       histogram
	e2e        histogram
}

// New returns counters at zero, labelled with the model's served name.
func New(model string) *Set {
	return &Set{
		model: model,
		ttft:  newHistogram(ttftBounds[:]),
		tpot:  newHistogram(tpotBounds[:]),
		e2e:   newHistogram(e2eBounds[:]),
	}
}

// FirstToken counts a request's first token, `seconds` after its arrival.
func (s *Set) FirstToken(seconds float64) { s.generation++; s.ttft.observe(seconds, 1) }

// Tokens counts further tokens of a request, `seconds` after those before.
func (s *Set) Tokens(n int, seconds float64) {
	s.generation += n
	s.tpot.observe(seconds/float64(n), n)
}

// Finished counts the end of a request, `seconds` after its arrival, with
// reason "length", "stop" or "abort"; an abort has no latency.
func (s *Set) Finished(reason string, seconds float64) {
	s.finished[slices.Index(reasons[:], reason)]++
	if reason != "abort" {
		s.e2e.observe(seconds, 1)
	}
}

// Engine is the scheduler's own account at one time.
type Engine struct {
	Running, Waiting          int
	KVUsage                   float64 // 0 to 1
	KVBlocks, BlockTokens     int
	PromptTokens              int // cumulative, as the next two
	PrefixQueries, PrefixHits int
}

// Write prints everything.
func (s *Set) Write(out io.Writer, e Engine) error {
	w := &printer{w: bufio.NewWriter(out), labels: fmt.Sprintf("engine=\"0\",model_name=%q", s.model)}
	w.head("cache_config_info", "gauge", "Information of the LLMEngine CacheConfig.")
	fmt.Fprintf(w.w, "vllm:cache_config_info{block_size=\"%d\",engine=\"0\",num_gpu_blocks=\"%d\"} 1\n", e.BlockTokens, e.KVBlocks)
	w.histogram("e2e_request_latency_seconds", "Histogram of e2e request latency in seconds.", &s.e2e)
	w.one("generation_tokens_total", "counter", "Number of generation tokens processed.", float64(s.generation))
	w.histogram("inter_token_latency_seconds", "Histogram of inter-token latency in seconds.", &s.tpot)
	w.one("kv_cache_usage_perc", "gauge", "KV-cache usage. 1 means 100 percent usage.", e.KVUsage)
	w.one("num_requests_running", "gauge", "Number of requests in model execution batches.", float64(e.Running))
	w.one("num_requests_waiting", "gauge", "Number of requests waiting to be processed.", float64(e.Waiting))
	w.one("prefix_cache_hits_total", "counter", "Prefix cache hits, in terms of number of cached tokens.", float64(e.PrefixHits))
	w.one("prefix_cache_queries_total", "counter", "Prefix cache queries, in terms of number of queried tokens.", float64(e.PrefixQueries))
	w.one("prompt_tokens_total", "counter", "Number of prefill tokens processed.", float64(e.PromptTokens))
	w.head("request_success_total", "counter", "Count of successfully processed requests.")
	for i, reason := range reasons {
		fmt.Fprintf(w.w, "vllm:request_success_total{%s,finished_reason=%q} %d\n", w.labels, reason, s.finished[i])
	}
	w.histogram("time_per_output_token_seconds", "Histogram of time per output token in seconds.", &s.tpot)
	w.histogram("time_to_first_token_seconds", "Histogram of time to first token in seconds.", &s.ttft)
	if err := w.w.Flush(); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
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

type printer struct {
	w      *bufio.Writer
	labels string
}

func (p *printer) head(name, kind, help string) {
	fmt.Fprintf(p.w, "# HELP vllm:%s %s\n# TYPE vllm:%s %s\n", name, help, name, kind)
}

func (p *printer) one(name, kind, help string, v float64) {
	p.head(name, kind, help)
	fmt.Fprintf(p.w, "vllm:%s{%s} %s\n", name, p.labels, number(v))
}

func (p *printer) histogram(name, help string, h *histogram) {
	p.head(name, "histogram", help)
	total := 0
	for i, n := range h.counts {
		total += n
		bound := "+Inf"
		if i < len(h.bounds) {
			bound = number(h.bounds[i])
		}
		fmt.Fprintf(p.w, "vllm:%s_bucket{%s,le=%q} %d\n", name, p.labels, bound, total)
	}
	fmt.Fprintf(p.w, "vllm:%s_sum{%s} %s\nvllm:%s_count{%s} %d\n", name, p.labels, number(h.sum), name, p.labels, total)
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
