package load_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

// Failures among good answers are rows.
func TestSomeRequestsFail(t *testing.T) {
	server, endpoint := simulate(t, fast)
	var once sync.Once
	env := environment()
	cfg := cell(8)
	cfg.Workload.OSL = length.Of(200)
	env.Progress = func(p stage.Progress) {
		once.Do(func() { // the probes are over
			for _, kind := range []simulator.FaultKind{simulator.FaultHTTP429, simulator.FaultHTTP500, simulator.FaultStreamError, simulator.FaultStreamTruncate} {
				if err := server.Arm(simulator.Fault{Kind: kind, Count: 2, AfterChunks: 3}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	task := task(t, endpoint, cfg)
	if err := load.New().Run(t.Context(), env, task); err != nil {
		t.Fatal(err)
	}
	statuses := map[string]int{}
	for _, r := range rows(t, task.Dir) {
		statuses[r.Status]++
		if r.Status != "ok" && r.Error == "" {
			t.Errorf("no error in %+v", r)
		}
	}
	if diff := cmp.Diff(map[string]int{"ok": 56, "http_error": 4, "stream_error": 2, "truncated": 2}, statuses); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestCancel(t *testing.T) {
	_, endpoint := simulate(t, simulator.Config{Model: "Qwen3-8B-FP8", Profile: "offline"})
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	env := environment()
	env.Progress = func(p stage.Progress) {
		if p.Figures["in_flight"] == int64(8) {
			cancel()
		}
	}
	cfg := cell(8)
	cfg.Workload.OSL = length.Of(2000)
	task := task(t, endpoint, cfg)
	err := load.New().Run(ctx, env, task)
	if !errors.Is(err, context.Canceled) || stage.ClassOf(err) != stage.Canceled {
		t.Fatalf("error: %v", err)
	}
	all := journal(t, task.Dir)
	if len(all) != 8 {
		t.Errorf("%d rows: want those in flight", len(all))
	}
	for _, r := range all {
		if r.Status != "cancelled" {
			t.Errorf("row: %+v", r)
		}
	}
	if _, err := os.Stat(filepath.Join(task.Dir, "requests.parquet")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a load that was stopped left a table: %v", err)
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before+2; { // the simulator keeps a few until it notices
		if time.Now().After(deadline) {
			stacks := make([]byte, 64<<10)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
}

func TestEndpointDies(t *testing.T) {
	server, endpoint := simulate(t, fast)
	env := environment()
	env.Progress = func(p stage.Progress) {
		if p.Done > 0 {
			server.Close()
		}
	}
	cfg := cell(8)
	cfg.Workload.Requests = 1_000_000
	task := task(t, endpoint, cfg)
	err := load.New().Run(t.Context(), env, task)
	if err == nil || stage.ClassOf(err) != stage.Transient || stage.ReasonOf(err) != "endpoint_gone" ||
		!strings.HasPrefix(err.Error(), "load: 32 requests in a row had no answer: the endpoint is gone; the last: dial tcp 127.0.0.1:") {
		t.Errorf("%s, %s: %v", stage.ClassOf(err), stage.ReasonOf(err), err)
	}
	all := journal(t, task.Dir)
	unanswered := 0
	for _, r := range all {
		if r.Status == "http_error" {
			unanswered++
		}
	}
	// Each of the 8 streams that broke when the server died may come between and has the count begin anew; beside those, what waits to be written down.
	if unanswered < 32 || unanswered > 9*32+4*8 {
		t.Errorf("%d requests without an answer among %d", unanswered, len(all))
	}
}

// refuser takes small probes and refuses every request of the load.
func refuser(t *testing.T, code int) stage.Endpoint {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			MaxTokens int `json:"max_tokens"`
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.URL.Path == "/tokenize" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if body.MaxTokens > 1 {
			w.WriteHeader(code)
			_, _ = w.Write([]byte(`{"error":{"message":"not today"}}`))
			return
		}
		_, _ = w.Write([]byte(`data: {"choices":[{"text":"a","finish_reason":"length"}]}` + "\n\n"))
	}))
	t.Cleanup(server.Close)
	return stage.Endpoint{URL: server.URL, Model: "llm", APIKeyEnv: "KEY", Headers: map[string]string{"X-Token": "header-secret"}}
}

func TestAllRequestsFail(t *testing.T) {
	for code, want := range map[int]stage.ErrorClass{400: stage.Permanent, 401: stage.Permanent, 403: stage.Permanent, 500: stage.Transient, 429: stage.Transient} {
		reason, said := "all_requests_failed", fmt.Sprintf("HTTP %d: not today", code)
		if code == 401 || code == 403 {
			reason, said = "unauthorized", fmt.Sprintf("HTTP %d (check the key in KEY, the variable that api_key_env names): not today", code)
		}
		cfg := cell(4)
		cfg.Workload.Requests = 1000
		task := task(t, refuser(t, code), cfg)
		err := load.New().Run(t.Context(), environment(), task)
		if err == nil || stage.ClassOf(err) != want || stage.ReasonOf(err) != reason ||
			err.Error() != "load: all of 32 requests failed; the first ended with http_error: "+said {
			t.Errorf("%d: %s, %s: %v", code, stage.ClassOf(err), stage.ReasonOf(err), err)
		}
		text, err := os.ReadFile(filepath.Join(task.Dir, "load.json"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "secret") {
			t.Errorf("load.json holds a secret: %s", text)
		}
	}
}

func TestRefusals(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, test := range []struct {
		name   string
		change func(*stage.LoadConfig, *stage.Task)
		want   string
		reason string
	}{
		{"users and a rate", func(c *stage.LoadConfig, _ *stage.Task) { c.RateRPS = 4 }, "load: users is 2 and rate 4: want one of the two above 0", "bad_config"},
		{"no users", func(c *stage.LoadConfig, _ *stage.Task) { c.Users = 0 }, "load: users is 0 and rate 0: want one of the two above 0", "bad_config"},
		{"no end", func(c *stage.LoadConfig, _ *stage.Task) { c.Workload.Requests = 0 }, "load: nothing ends the load: give requests or duration", "bad_config"},
		{
			"a ramp beyond the end", func(c *stage.LoadConfig, _ *stage.Task) {
				c.Workload.Duration, c.Workload.Ramp = stage.Duration(10*time.Second), stage.Duration(10*time.Second)
			},
			"load: users begin over a ramp of 10s, but the load lasts 10s: some would never begin; give a longer duration", "bad_config",
		},
		{
			"a ramp of a rate beyond the end", func(c *stage.LoadConfig, _ *stage.Task) {
				c.Users, c.RateRPS, c.Workload.Duration, c.Workload.Ramp = 0, 4, stage.Duration(10*time.Second), stage.Duration(20*time.Second)
			},
			"load: the rate rises over a ramp of 20s, but the load lasts 10s: it would never be reached; give a longer duration", "bad_config",
		},
		{"no deployment", func(_ *stage.LoadConfig, t *stage.Task) { t.Incarnation = nil }, "load: the step has no deployment to load", "no_endpoint"},
		{
			"extra body", func(c *stage.LoadConfig, _ *stage.Task) { c.Workload.ExtraBody = json.RawMessage(`{"n":2}`) },
			"load: prepare prompts: a request of one token ended with http_error: encode request: extra body: \"n\" cannot be set here: a request has one answer",
			"probe_failed",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := cell(2)
			task := task(t, refuser(t, 500), cfg)
			test.change(&cfg, &task)
			text, err := json.Marshal(cfg)
			if err != nil {
				t.Fatal(err)
			}
			task.Config = text
			err = load.New().Run(t.Context(), environment(), task)
			if err == nil || err.Error() != test.want || stage.ReasonOf(err) != test.reason {
				t.Errorf("%s: %v, want %s", stage.ReasonOf(err), err, test.want)
			}
		})
	}
	t.Run("no key", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"error":"Unauthorized"}`, http.StatusUnauthorized) // as vLLM says it
		}))
		defer server.Close()
		err := load.New().Run(t.Context(), environment(), task(t, stage.Endpoint{URL: server.URL}, cell(2)))
		want := "load: prepare prompts: a request of one token ended with http_error: " +
			"HTTP 401 (name the variable that holds the endpoint's key in the provider's api_key_env): Unauthorized"
		if err == nil || err.Error() != want || stage.ReasonOf(err) != "unauthorized" || stage.ClassOf(err) != stage.Permanent {
			t.Errorf("%s, %s: %v", stage.ClassOf(err), stage.ReasonOf(err), err)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		err := load.New().Run(t.Context(), environment(), task(t, stage.Endpoint{URL: gone.URL}, cell(2)))
		if err == nil || stage.ClassOf(err) != stage.Transient || !strings.HasPrefix(err.Error(), "load: prepare prompts: tokenize: dial tcp") {
			t.Errorf("%s: %v", stage.ClassOf(err), err)
		}
	})
}
