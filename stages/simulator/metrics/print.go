package metrics

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
)

// Write prints everything, families in order of their names.
func (s *Set) Write(out io.Writer, e Engine) error {
	p := &printer{w: bufio.NewWriter(out), labels: fmt.Sprintf("engine=\"0\",model_name=%q", s.model)}
	p.head("cache_config_info", "gauge", "Information of the LLMEngine CacheConfig.")
	fmt.Fprintf(p.w, "vllm:cache_config_info{block_size=\"%d\",engine=\"0\",num_gpu_blocks=\"%d\"} 1\n", e.BlockTokens, e.KVBlocks)
	p.histogram("e2e_request_latency_seconds", "Histogram of e2e request latency in seconds.", &s.e2e)
	p.one("generation_tokens_total", "counter", "Number of generation tokens processed.", float64(s.generation))
	p.histogram("inter_token_latency_seconds", "Histogram of inter-token latency in seconds.", &s.tpot)
	p.one("kv_cache_usage_perc", "gauge", "KV-cache usage. 1 means 100 percent usage.", e.KVUsage)
	p.one("num_preemptions_total", "counter", "Cumulative number of preemption from the engine.", float64(e.Preemptions))
	p.one("num_requests_running", "gauge", "Number of requests in model execution batches.", float64(e.Running))
	p.one("num_requests_waiting", "gauge", "Number of requests waiting to be processed.", float64(e.Waiting))
	p.one("prefix_cache_hits_total", "counter", "Prefix cache hits, in terms of number of cached tokens.", float64(e.PrefixHits))
	p.one("prefix_cache_queries_total", "counter", "Prefix cache queries, in terms of number of queried tokens.", float64(e.PrefixQueries))
	p.one("prompt_tokens_total", "counter", "Number of prefill tokens processed.", float64(e.PromptTokens))
	p.histogram("request_decode_time_seconds", "Histogram of time spent in DECODE phase for request.", &s.decode)
	p.histogram("request_generation_tokens", "Number of generation tokens processed.", &s.output)
	p.histogram("request_params_max_tokens", "Histogram of the max_tokens request parameter.", &s.maxTokens)
	p.histogram("request_prompt_tokens", "Number of prefill tokens processed.", &s.prompt)
	p.head("request_success_total", "counter", "Count of successfully processed requests.")
	for i, reason := range reasons {
		fmt.Fprintf(p.w, "vllm:request_success_total{%s,finished_reason=%q} %d\n", p.labels, reason, s.finished[i])
	}
	p.histogram("request_time_per_output_token_seconds", "Histogram of time_per_output_token_seconds per request.", &s.requestTPOT)
	p.histogram("time_per_output_token_seconds", "Histogram of time per output token in seconds.", &s.tpot)
	p.histogram("time_to_first_token_seconds", "Histogram of time to first token in seconds.", &s.ttft)
	if err := p.w.Flush(); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
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
