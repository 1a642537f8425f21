package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// The servers behind an address are asked for their metrics in the order in which they are named, and are told neither key nor headers.
func TestMetricsElsewhere(t *testing.T) {
	var servers []string
	for i := range 3 {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" || r.Header.Get("X-Tier") != "" || r.URL.Path != "/engine/metrics" {
				http.Error(w, fmt.Sprintf("%s with %v", r.URL.Path, r.Header), http.StatusNotFound)
				return
			}
			fmt.Fprintf(w, "server %d", i)
		}))
		t.Cleanup(server.Close)
		servers = append(servers, server.URL+"/engine/metrics")
	}
	metrics := func(urls ...string) ([]string, error) {
		c, err := New(Config{
			Endpoint: stage.Endpoint{URL: "http://127.0.0.1:1", Model: "llm", APIKeyEnv: "KEY", Headers: map[string]string{"X-Tier": "gold"}, MetricsURLs: urls},
			Getenv:   func(string) string { return "secret" },
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		bodies, err := c.Metrics(t.Context())
		var texts []string
		for _, b := range bodies {
			texts = append(texts, string(b))
		}
		return texts, err
	}
	got, err := metrics(servers...)
	if diff := cmp.Diff([]string{"server 0", "server 1", "server 2"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	none := strings.TrimSuffix(servers[1], "/engine/metrics") + "/metrics"
	if _, err := metrics(servers[0], none); !errors.Is(err, ErrUnsupported) || !strings.HasPrefix(err.Error(), "GET "+none+": HTTP 404: /metrics with ") {
		t.Errorf("a server without metrics: %v", err)
	}
}
