package simulator_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/strangeloopio/inferencex/stages/simulator"
)

// With too little KV cache for all, requests are preempted: the metrics say so, and the answers do not.
func TestPreemptionShowsInMetricsOnly(t *testing.T) {
	r := start(t, simulator.Config{KVCapacityTokens: 400, Speed: 5}) // room for one at its full length
	const clients, tokens = 6, 300
	answers := make([]streamed, clients)
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() { answers[i] = r.stream(t, "/v1/chat/completions", chat(60, tokens, "")) })
	}
	wg.Wait()
	for i, a := range answers {
		if a.reason != "length" || !a.done || a.usage == nil || a.usage.Completion != tokens || len(a.texts) != tokens {
			t.Errorf("answer %d: ended by %q with %+v and %d chunks of text, want %d tokens to the end", i, a.reason, a.usage, len(a.texts), tokens)
		}
	}
	got := r.metrics(t)
	if got["vllm:num_preemptions_total"] < 1 || got["vllm:kv_cache_usage_perc"] != 0 {
		t.Errorf("%v preemptions, and %v of the KV cache in use at the end: want some, and nothing", got["vllm:num_preemptions_total"], got["vllm:kv_cache_usage_perc"])
	}
	if got["vllm:generation_tokens_total"] != clients*tokens || got["vllm:prompt_tokens_total"] != float64(clients*answers[0].usage.Prompt) {
		t.Errorf("%v tokens generated of %v prompt tokens: what is computed twice counts once", got["vllm:generation_tokens_total"], got["vllm:prompt_tokens_total"])
	}
}

// A request that the whole KV cache could not hold is refused at the door, as too long for the server's context.
func TestLongerThanTheKVCache(t *testing.T) {
	r := start(t, simulator.Config{KVCapacityTokens: 410})
	if status, body := r.text(t, "POST", "/v1/chat/completions", chat(60, 400, "")); status != 400 || !strings.Contains(body, "This model's maximum context length is 400 tokens.") {
		t.Errorf("status %d: %s", status, body)
	}
}
