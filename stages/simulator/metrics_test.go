package simulator_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator"
)

// samples parses metrics in Prometheus' text format. Of labels only le and the finish reason are kept.
func samples(t *testing.T, text string) map[string]float64 {
	t.Helper()
	labels := regexp.MustCompile(`\{.*?(?:(?:le|finished_reason)="([^"]*)")?\} `)
	out := map[string]float64{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		line = strings.Replace(labels.ReplaceAllString(line, "{$1} "), "{}", "", 1)
		var name string
		var value float64
		if _, err := fmt.Sscan(line, &name, &value); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out[name] = value
	}
	return out
}

// metrics asks for /metrics.
func (r *running) metrics(t *testing.T) map[string]float64 {
	t.Helper()
	_, text := r.text(t, "GET", "/metrics", "")
	return samples(t, text)
}

// TestMetricsAreTheSumOfTheAnswers holds the counters against what the clients of a mixed load were told: answers that were cut, that ended by
// themselves, in one piece and in a stream, on one prefix, refused, and left by their client.
func TestMetricsAreTheSumOfTheAnswers(t *testing.T) {
	on := true
	r := start(t, simulator.Config{PrefixCache: &on, MaxNumSeqs: 24, Speed: 200})
	const clients = 32
	r.stream(t, "/v1/chat/completions", chat(200, 1, "")) // fills the prefix cache
	var wg sync.WaitGroup
	answers := make([]streamed, clients)
	for i := range clients {
		wg.Go(func() {
			body := chat(200, 10+i, "")
			if i%2 == 1 { // these may end by themselves
				body = strings.Replace(body, `"ignore_eos":true,"max_tokens":`, `"max_tokens":40`, 1)
			}
			answers[i] = r.stream(t, "/v1/chat/completions", body)
		})
	}
	wg.Wait()
	if status, _ := r.text(t, "POST", "/v1/chat/completions", chat(1, 1e6, "")); status != 400 {
		t.Fatalf("an answer that is too long: status %d", status)
	}
	r.leave(t)

	want := map[string]float64{
		"vllm:num_requests_running": 0, "vllm:num_requests_waiting": 0, "vllm:kv_cache_usage_perc": 0, "vllm:num_preemptions_total": 0,
		"vllm:request_success_total{abort}": 1, "vllm:request_success_total{length}": 1, "vllm:request_success_total{stop}": 0,
		"vllm:prompt_tokens_total": 205, "vllm:generation_tokens_total": 1, "vllm:prefix_cache_queries_total": 205,
		"vllm:prefix_cache_hits_total": 0, "vllm:time_to_first_token_seconds_count": 1,
		"vllm:request_prompt_tokens_sum": 205, "vllm:request_generation_tokens_sum": 1,
	}
	for _, a := range answers {
		want["vllm:request_success_total{"+a.reason+"}"]++
		want["vllm:prompt_tokens_total"] += float64(a.usage.Prompt)
		want["vllm:prefix_cache_queries_total"] += float64(a.usage.Prompt)
		want["vllm:prefix_cache_hits_total"] += float64(a.usage.Details.Cached)
		want["vllm:generation_tokens_total"] += float64(a.usage.Completion)
		want["vllm:time_to_first_token_seconds_count"]++
		want["vllm:time_per_output_token_seconds_count"] += float64(a.usage.Completion - 1)
		want["vllm:request_prompt_tokens_sum"] += float64(a.usage.Prompt)
		want["vllm:request_generation_tokens_sum"] += float64(a.usage.Completion)
	}
	if want["vllm:request_success_total{length}"] < 10 || want["vllm:request_success_total{stop}"] < 1 || want["vllm:prefix_cache_hits_total"] < 1000 {
		t.Fatalf("the load is no mixture: %v", want)
	}
	got := r.metrics(t)
	// What the client that left had been sent counts, too, and only the server knows what that was.
	gone := r.Requests()[clients+1]
	tokens := got["vllm:generation_tokens_total"] - want["vllm:generation_tokens_total"]
	if gone.Outcome != "cancelled" || tokens < float64(gone.CompletionTokens) {
		t.Errorf("%v tokens for the client that left, whose record is %+v", tokens, gone)
	}
	want["vllm:generation_tokens_total"] += tokens
	want["vllm:time_per_output_token_seconds_count"] += tokens - 1
	want["vllm:time_to_first_token_seconds_count"]++
	for _, name := range []string{"vllm:prompt_tokens_total", "vllm:prefix_cache_queries_total"} {
		want[name] += float64(gone.PromptTokens)
	}
	want["vllm:prefix_cache_hits_total"] += float64(gone.CachedTokens)
	want["vllm:time_to_first_token_seconds_bucket{+Inf}"] = want["vllm:time_to_first_token_seconds_count"]
	want["vllm:inter_token_latency_seconds_count"] = want["vllm:time_per_output_token_seconds_count"]
	for _, family := range []string{"e2e_request_latency_seconds", "request_decode_time_seconds", "request_time_per_output_token_seconds", "request_params_max_tokens"} {
		want["vllm:"+family+"_count"] = clients + 1
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if v, ok := got[name]; !ok || v != want[name] {
			t.Errorf("%s = %v, want %v", name, v, want[name])
		}
	}
}

// leave asks for a long answer and goes after its first bytes; it returns once the server has noticed.
func (r *running) leave(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	resp, err := r.try(ctx, "POST", "/v1/chat/completions", chat(200, 30000, ""))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resp.Body.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	resp.Body.Close()
	for r.metrics(t)["vllm:request_success_total{abort}"] == 0 {
		if t.Context().Err() != nil {
			t.Fatal("the server has not noticed")
		}
	}
}

// captureOnly are families of the captured server that the simulator leaves out, and why.
var captureOnly = map[string]string{
	"vllm:lora_requests_info":             "no adapters are simulated",
	"vllm:max_num_generation_tokens":      "vLLM calls it request_max_num_generation_tokens; with one answer to a request it is request_generation_tokens",
	"vllm:request_inference_time_seconds": "the scheduler does not tell when a request left its queue",
	"vllm:request_prefill_time_seconds":   "the scheduler does not tell when a request left its queue",
}

// TestMetricsOfTheCapture finds each family of the captured server, with its type and its bounds.
func TestMetricsOfTheCapture(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(captures, "sim-metrics.txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, body := start(t, simulator.Config{MaxModelLen: 8192}).text(t, "GET", "/metrics", "")
	want, got := families(string(text)), families(body)
	for name := range captureOnly {
		if _, there := want[name]; !there {
			t.Errorf("%s is not in the capture", name)
		}
		delete(want, name)
	}
	for name := range got {
		if _, there := want[name]; !there {
			delete(got, name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("families (-captured +simulated):\n%s", diff)
	}
}

// families returns the type and the bounds of each.
func families(text string) map[string]string {
	bound := regexp.MustCompile(`^(.*)_bucket\{.*le="(.*)"\}`)
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, kind, _ := strings.Cut(strings.TrimSpace(rest), " ")
			out[name] = kind
		} else if m := bound.FindStringSubmatch(line); m != nil {
			out[m[1]] += " " + m[2]
		}
	}
	return out
}
