package load_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Each engine gives its account in words of its own, and the client agrees with it to the token.
func TestTheAccountInEachEnginesWords(t *testing.T) {
	for engine, words := range map[string][]string{
		"sglang": {
			"vllm:num_requests_running", "sglang:num_running_reqs", "vllm:num_requests_waiting", "sglang:num_queue_reqs", "vllm:kv_cache_usage_perc", "sglang:token_usage",
			"vllm:request_success_total", "sglang:num_requests_total", "vllm:", "sglang:",
		},
		"llamacpp": {
			"vllm:num_requests_running", "llamacpp:requests_processing", "vllm:num_requests_waiting", "llamacpp:requests_deferred",
			"vllm:generation_tokens_total", "llamacpp:tokens_predicted_total", "vllm:prefix_cache_hits_total", "llamacpp:prompt_tokens_cached_total", "vllm:", "llamacpp:",
		},
	} {
		t.Run(engine, func(t *testing.T) {
			_, endpoint := simulate(t, fast)
			inner, origin, translate := proxyTo(t, endpoint), endpoint.URL, strings.NewReplacer(words...)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/metrics" {
					inner.ServeHTTP(w, r)
					return
				}
				resp, err := http.Get(origin + "/metrics")
				if err != nil {
					http.Error(w, err.Error(), http.StatusBadGateway)
					return
				}
				defer resp.Body.Close()
				text, err := io.ReadAll(resp.Body)
				if err != nil {
					http.Error(w, err.Error(), http.StatusBadGateway)
					return
				}
				_, _ = translate.WriteString(w, string(text))
			}))
			t.Cleanup(server.Close)
			endpoint.URL = server.URL
			m := measureCell(t, environment(), endpoint, cell(8))
			a := m.account(t)
			if a.Engine != engine || *a.OutputTokens != sum(m.rows, osl) || *a.InputTokens != sum(m.rows, isl) || a.Readings < 1 || a.Running == nil || a.Waiting == nil {
				t.Errorf("account %+v of %v output and %v input tokens", a, sum(m.rows, osl), sum(m.rows, isl))
			}
			if found := m.reasons(); len(found) > 0 {
				t.Errorf("reasons: %v", found)
			}
		})
	}
}
