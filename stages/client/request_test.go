package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

func TestRequestOnTheWire(t *testing.T) {
	server := newReplay(t, once(stream(aToken+aFinish+theEnd)))
	c, err := New(Config{
		Endpoint: stage.Endpoint{URL: server.URL + "/v1/", Model: "run-alias", APIKeyEnv: "KEY", Headers: map[string]string{"X-Proxy": "yes", "X-Tier": "lead"}},
		Headers:  map[string]string{"X-Tier": "gold", "x-route": "a"}, SecretHeaders: map[string]string{"X-Token": "token-secret-2"},
		Getenv: func(name string) string { return map[string]string{"KEY": "sk-secret-1"}[name] },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	seed := int64(7)
	for _, test := range []struct {
		name, path, body string
		r                Request
	}{
		{
			"chat", "/v1/chat/completions",
			`{"max_tokens":48,"messages":[{"role":"user","content":"Say hello"}],"model":"run-alias","stream":true,"stream_options":{"include_usage":true},"temperature":0}`,
			hello,
		},
		{
			"messages", "/v1/chat/completions",
			`{"max_tokens":4,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"1 \u003c 2?"}],"model":"run-alias","stream":true,"stream_options":{"include_usage":true},"temperature":0}`,
			Request{API: Chat, Prompt: Prompt{Messages: []Message{{"system", "Be brief."}, {"user", "1 < 2?"}}}, OSL: 4, ID: "r-1"},
		},
		{
			"token ids and exact length", "/v1/completions",
			`{"ignore_eos":true,"max_tokens":16,"min_tokens":16,"model":"run-alias","prompt":[5,4000000000],"seed":7,"stream":true,"stream_options":{"include_usage":true},"temperature":0.5}`,
			Request{Prompt: Prompt{IDs: []int64{5, 4_000_000_000}}, OSL: 16, IgnoreEOS: true, Temperature: .5, Seed: &seed, ID: "r-1"},
		},
		{
			"extra body", "/v1/completions",
			`{"ignore_eos":true,"max_tokens":16,"model":"run-alias","prompt":"a","stop":["a"],"stream":true,"stream_options":{"include_usage":true},"temperature":0,"top_k":1}`,
			Request{API: Completions, Prompt: Prompt{Text: "a"}, OSL: 16, IgnoreEOS: true, ID: "r-1", ExtraBody: json.RawMessage(
				`{"top_k":1,"min_tokens":null,"stop":["a"]}`)},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if row := c.Complete(context.Background(), test.r); row.Status != "ok" {
				t.Fatalf("status %s (%s)", row.Status, row.Error)
			}
			req := <-server.requests
			if diff := cmp.Diff(test.body, req.body); diff != "" || req.URL.Path != test.path || req.Method != http.MethodPost {
				t.Errorf("%s %s (-want +got):\n%s", req.Method, req.URL.Path, diff)
			}
			for name, want := range map[string]string{
				"Authorization": "Bearer sk-secret-1", "X-Proxy": "yes", "X-Request-Id": "r-1",
				"X-Tier": "gold", "X-Route": "a", "X-Token": "token-secret-2",
				"Accept-Encoding": "identity", "Content-Type": "application/json",
			} {
				if got := req.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	c := newClient(t, "http://127.0.0.1:1")
	for want, r := range map[string]Request{
		"encode request: chat takes text, not token ids":                   {API: Chat, Prompt: Prompt{IDs: []int64{1}}},
		"encode request: completions take text or token ids, not messages": {Prompt: Prompt{Messages: []Message{{"user", "a"}}}},
		`encode request: api "embed": want "chat" or "completions"`:        {API: "embed"},
		`encode request: extra body: "stream" cannot be set here: answers are measured as they stream, and tell how many tokens they have`: {
			ExtraBody: json.RawMessage(`{"stream":false}`),
		},
		"encode request: extra body: want a JSON object: json: cannot unmarshal array into Go value of type map[string]json.RawMessage": {
			ExtraBody: json.RawMessage(`[]`),
		},
	} {
		if row := c.Complete(context.Background(), r); row.Status != "http_error" || row.Error != want {
			t.Errorf("status %s: %s, want %s", row.Status, row.Error, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for want, cfg := range map[string]Config{
		`endpoint url "": want http:// or https:// and a host`:               {},
		`endpoint url "localhost:8000": want http:// or https:// and a host`: {Endpoint: stage.Endpoint{URL: "localhost:8000"}},
		"endpoint url: holds a user or password: name the variable that holds the key in api_key_env instead": {
			Endpoint: stage.Endpoint{URL: "http://me:secret@host"},
		},
		`endpoint url "http://host?key=1": want no query or fragment`: {Endpoint: stage.Endpoint{URL: "http://host?key=1"}},
		"environment variable KEY is empty: set it to the endpoint's API key": {
			Endpoint: stage.Endpoint{URL: "http://host", APIKeyEnv: "KEY"},
		},
		`max tokens field "tokens": want max_tokens or max_completion_tokens`: {
			Endpoint: stage.Endpoint{URL: "http://host"}, MaxTokensField: "tokens",
		},
	} {
		if _, err := New(cfg); err == nil || err.Error() != want {
			t.Errorf("New: %v, want %s", err, want)
		}
	}
}

// Servers repeat what they were sent; a row is no place for a key.
func TestErrorsHoldNoSecrets(t *testing.T) {
	said := strings.Repeat("no\n\tkey ", 3) + "sk-secret-1 or modal-secret or token-secret-2: " + strings.Repeat("é", 400)
	server := newReplay(t, once(fmt.Appendf(nil, "HTTP/1.1 401 Unauthorized\r\nContent-Length: %d\r\n\r\n%s", len(said), said)))
	c, err := New(Config{
		Endpoint:      stage.Endpoint{URL: server.URL, APIKeyEnv: "KEY", Headers: map[string]string{"Modal-Secret": "modal-secret"}},
		Headers:       map[string]string{"X-Plain": "no\tkey"},
		SecretHeaders: map[string]string{"X-Token": "token-secret-2"},
		Getenv:        func(string) string { return "sk-secret-1" },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	got := c.Complete(context.Background(), hello).Error
	if want := "HTTP 401 (check the key in KEY, the variable that api_key_env names): no key no key no key (sensitive) or (sensitive) or (sensitive): éé"; !strings.HasPrefix(got, want) || len(got) > excerptBytes || !strings.HasSuffix(got, "é…") {
		t.Errorf("error of %d bytes: %s", len(got), got)
	}
}

func TestNoGoroutineIsLeft(t *testing.T) {
	server := newReplay(t, once(stream(aToken+aFinish+theEnd)))
	before := runtime.NumGoroutine()
	c := newClient(t, server.URL)
	if err := c.Warm(context.Background(), 8); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c.Complete(context.Background(), hello)
	}
	c.Close()
	server.ln.Close()
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			stacks := make([]byte, 64<<10)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
}
