package scrape

import "github.com/strangeloopio/inferencex/schemas/table"

// vocabulary is how an engine names what it tells. Of several names of one thing the first counts that is there: engines rename their metrics, and
// show them under both names for a while.
type vocabulary struct {
	engine   string
	prefixes []string // of all of its metrics: one or another
	terms    []term
	// complete derives what the engine tells in other terms.
	complete func(*table.Server)
}

// term is one column, or one pair of them, and its names without the prefix.
type term struct {
	names []string
	// into is where the value goes: summed over the label sets, or the highest of them, and of all names, where it is a share.
	into  func(*table.Server) **float64
	share bool
	// sum and count take the two counters of a histogram instead; without count the sum is all that is wanted of it.
	sum, count func(*table.Server) **float64
}

// processStart is the name that Prometheus' client libraries give to when the process began.
const processStart = "process_start_time_seconds"

func gauge(into func(*table.Server) **float64, names ...string) term {
	return term{names: names, into: into}
}

func share(into func(*table.Server) **float64, names ...string) term {
	return term{names: names, into: into, share: true}
}

// counter accepts the name with and without the suffix that counters get when they are printed.
func counter(into func(*table.Server) **float64, names ...string) term {
	t := term{into: into}
	for _, name := range names {
		t.names = append(t.names, name+"_total", name)
	}
	return t
}

func histogram(sum, count func(*table.Server) **float64, names ...string) term {
	return term{names: names, sum: sum, count: count}
}

func running(s *table.Server) **float64       { return &s.Running }
func waiting(s *table.Server) **float64       { return &s.Waiting }
func kvUsage(s *table.Server) **float64       { return &s.KVUsage }
func hitRate(s *table.Server) **float64       { return &s.HitRate }
func inputTokens(s *table.Server) **float64   { return &s.InputTokens }
func outputTokens(s *table.Server) **float64  { return &s.OutputTokens }
func prefixQueries(s *table.Server) **float64 { return &s.PrefixQueries }
func prefixHits(s *table.Server) **float64    { return &s.PrefixHits }
func preemptions(s *table.Server) **float64   { return &s.Preemptions }
func finished(s *table.Server) **float64      { return &s.Finished }
func ttftSum(s *table.Server) **float64       { return &s.TTFTSumSeconds }
func ttftCount(s *table.Server) **float64     { return &s.TTFTCount }
func tpotSum(s *table.Server) **float64       { return &s.TPOTSumSeconds }
func tpotCount(s *table.Server) **float64     { return &s.TPOTCount }
func queueSum(s *table.Server) **float64      { return &s.QueueSumSeconds }
func queueCount(s *table.Server) **float64    { return &s.QueueCount }
func started(s *table.Server) **float64       { return &s.ProcessStart }

// vocabularies returns those of all engines that are understood.
func vocabularies() []vocabulary { return []vocabulary{vllm(), sglang(), llamaCPP()} }

// vllm has the names of vLLM's V1 engine first, those of V0 and of its first V1 releases after them. prompt_tokens counts cached tokens, too.
func vllm() vocabulary {
	return vocabulary{engine: "vllm", prefixes: []string{"vllm:"}, complete: func(*table.Server) {}, terms: []term{
		gauge(running, "num_requests_running"),
		gauge(waiting, "num_requests_waiting"),
		share(kvUsage, "kv_cache_usage_perc", "gpu_cache_usage_perc"),
		share(hitRate, "gpu_prefix_cache_hit_rate"),
		counter(inputTokens, "prompt_tokens"),
		counter(outputTokens, "generation_tokens"),
		counter(prefixQueries, "prefix_cache_queries", "gpu_prefix_cache_queries"),
		counter(prefixHits, "prefix_cache_hits", "gpu_prefix_cache_hits"),
		counter(preemptions, "num_preemptions"),
		counter(finished, "request_success"), // by the reason of their end, an abort among them
		histogram(ttftSum, ttftCount, "time_to_first_token_seconds"),
		histogram(tpotSum, tpotCount, "inter_token_latency_seconds", "time_per_output_token_seconds"),
		histogram(queueSum, queueCount, "request_queue_time_seconds"),
	}}
}

// sglang has the names of SGLang's scheduler (gauges, of its last report: every 40 decode steps) and of its tokenizer manager (counters, of requests
// that have ended). prompt_tokens counts cached tokens, too. Behind Ray and some gateways the colon is an underscore.
func sglang() vocabulary {
	return vocabulary{engine: "sglang", prefixes: []string{"sglang:", "sglang_"}, terms: []term{
		gauge(running, "num_running_reqs"),
		gauge(waiting, "num_queue_reqs"),
		share(kvUsage, "token_usage", "full_token_usage"), // of all pools, and of that of full attention: some releases leave the first at 0
		share(hitRate, "cache_hit_rate"),                  // of the last batch of prefills
		counter(inputTokens, "prompt_tokens"),
		counter(outputTokens, "generation_tokens"),
		counter(prefixHits, "cached_tokens"),
		counter(preemptions, "num_retracted_requests"),
		histogram(preemptions, nil, "num_retractions"), // of each request that ended, in releases before that counter
		counter(finished, "num_requests"),
		histogram(ttftSum, ttftCount, "time_to_first_token_seconds"),
		histogram(tpotSum, tpotCount, "inter_token_latency_seconds", "time_per_output_token_seconds"),
		histogram(queueSum, queueCount, "queue_time_seconds"),
	}, complete: func(s *table.Server) {
		if s.PrefixHits != nil {
			s.PrefixQueries = s.InputTokens
		}
	}}
}

// llamaCPP has the names of llama.cpp's server, whose prompt_tokens leaves cached tokens out.
func llamaCPP() vocabulary {
	return vocabulary{engine: "llamacpp", prefixes: []string{"llamacpp:"}, terms: []term{
		gauge(running, "requests_processing"),
		gauge(waiting, "requests_deferred"),
		share(kvUsage, "kv_cache_usage_ratio"),
		counter(inputTokens, "prompt_tokens"),
		counter(outputTokens, "tokens_predicted"),
		counter(prefixHits, "prompt_tokens_cached"),
	}, complete: func(s *table.Server) {
		if s.InputTokens == nil || s.PrefixHits == nil {
			s.InputTokens = nil // older servers do not say how many came from the cache
			return
		}
		all := *s.InputTokens + *s.PrefixHits
		s.InputTokens, s.PrefixQueries = &all, &all
	}}
}
