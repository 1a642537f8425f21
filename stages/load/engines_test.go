package load_test

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
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
				showMetrics(w, origin, translate.Replace)
			}))
			t.Cleanup(server.Close)
			endpoint.URL = server.URL
			m := measureCell(t, environment(), endpoint, cell(8))
			a := m.account(t)
			if a.Engine != engine || *a.OutputTokens != sum(m.rows, osl) || *a.InputTokens != sum(m.rows, isl) || a.Readings > 0 && (a.Running == nil || a.Waiting == nil) {
				t.Errorf("account %+v of %v output and %v input tokens", a, sum(m.rows, osl), sum(m.rows, isl))
			}
			if found := m.reasons(); len(found) > 0 {
				t.Errorf("reasons: %v", found)
			}
		})
	}
}

// showMetrics answers with a server's metrics in other words.
func showMetrics(w http.ResponseWriter, origin string, change func(string) string) {
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
	_, _ = io.WriteString(w, change(string(text)))
}

// Of two servers behind one address each shows its own metrics: by turns they tell nothing, and asked one by one all of it.
func TestTheAccountOfSeveralServers(t *testing.T) {
	_, first := simulate(t, fast)
	_, second := simulate(t, fast)
	var asked, looked atomic.Int64
	inner := []http.Handler{proxyTo(t, first), proxyTo(t, second)}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		turn := &asked
		if r.URL.Path == "/metrics" {
			turn = &looked
		}
		inner[turn.Add(1)%2].ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	endpoint := first
	endpoint.URL = front.URL
	m := measureCell(t, environment(), endpoint, cell(8))
	m.only(t, "server_several", "name that of each one's metrics in metrics_urls")
	for _, r := range m.rows {
		if r.Status != "ok" {
			t.Fatalf("%s: %s", r.Status, r.Error)
		}
	}
	endpoint.MetricsURLs = []string{first.URL + "/metrics", second.URL + "/metrics"}
	m = measureCell(t, environment(), endpoint, cell(8))
	for _, r := range m.rows {
		if r.Status != "ok" {
			t.Fatalf("%s: %s", r.Status, r.Error)
		}
	}
	if a := m.account(t); *a.OutputTokens != sum(m.rows, osl) || *a.InputTokens != sum(m.rows, isl) || *a.Finished != float64(len(m.rows)) {
		t.Errorf("account %+v of %v output and %v input tokens", a, sum(m.rows, osl), sum(m.rows, isl))
	}
	if found := m.reasons(); len(found) > 0 {
		t.Errorf("reasons: %v", found)
	}
	endpoint.MetricsURLs[1] = second.URL + "/v1/nothing"
	m = measureCell(t, environment(), endpoint, cell(8))
	if len(m.server) > 0 {
		t.Errorf("an account of half of the servers: %+v", m.server)
	}
}

// proxyTo passes everything on to a server, answers as they come. It reads a request first: a server that answers at its last byte, before its end was
// seen, would have net/http take the body from the proxy, and the connection down with it.
func proxyTo(t *testing.T, endpoint stage.Endpoint) http.Handler {
	target, err := url.Parse(endpoint.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0), // clients close connections
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client is gone
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	})
}
