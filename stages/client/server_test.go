package client

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTokenize(t *testing.T) {
	for name, want := range map[string][]int64{
		"llama-tokenize.txt": {974, 916, 945, 952, 830, 728, 947, 410},
		"sim-tokenize.txt":   {2871118705, 2168563675, 933488787},
	} {
		server := newReplay(t, once(capture(t, name)))
		got, err := newClient(t, server.URL).Tokenize(context.Background(), "Hello big world")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		const asked = `{"add_special":false,"add_special_tokens":false,"content":"Hello big world","model":"llm","prompt":"Hello big world"}`
		if req := <-server.requests; req.URL.Path != "/tokenize" || req.body != asked {
			t.Errorf("%s: asked %s for %s", name, req.URL.Path, req.body)
		}
	}
}

func TestTokenizeUnsupported(t *testing.T) {
	for name, want := range map[string]string{
		"sim-err-404.txt":  "tokenize: HTTP 404: Not Found",
		"sim-err-get.txt":  "tokenize: HTTP 405: Method Not Allowed",
		"llama-health.txt": `tokenize: the server does not offer this: its answer holds no tokens: {"status":"ok"}`,
	} {
		_, err := newClient(t, newReplay(t, once(capture(t, name))).URL).Tokenize(context.Background(), "a")
		if !errors.Is(err, ErrUnsupported) || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	_, err := newClient(t, newReplay(t, once(capture(t, "sim-inject-server_error.txt"))).URL).Tokenize(context.Background(), "a")
	if err == nil || errors.Is(err, ErrUnsupported) {
		t.Errorf("503: %v", err)
	}
}

// llama-health-loading holds two answers to a small request: while the model is loading, and after.
func TestAskWhileLoading(t *testing.T) {
	raw, err := os.ReadFile("testdata/captures/llama-health-loading.txt")
	if err != nil {
		t.Fatal(err)
	}
	second := bytes.LastIndex(raw, []byte("HTTP/1.1"))
	c := newClient(t, newReplay(t, once(bytes.TrimSpace(raw[:second])), once(bytes.TrimSpace(raw[second:]))).URL)
	ask := func() (string, error) {
		body, err := c.ask(context.Background(), http.MethodGet, "/health", nil)
		return string(body), err
	}
	var status *StatusError
	if _, err := ask(); !errors.As(err, &status) || status.Code != 503 || status.Message != "Loading model" {
		t.Errorf("loading: %v", err)
	}
	if body, err := ask(); err != nil || body != `{"status":"ok"}` {
		t.Errorf("loaded: %q, %v", body, err)
	}
}
