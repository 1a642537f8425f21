package warmup_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
	"github.com/strangeloopio/inferencex/stages/warmup"
)

func task(t *testing.T, kind string, endpoint stage.Endpoint, cfg any) stage.Task {
	t.Helper()
	return simtest.Task(t, addr.Step{Kind: kind, Name: "sim", Key: "qwen/h100/1gpu"}, endpoint, cfg)
}

var env = simtest.Env()

type report struct {
	Requests         int      `json:"requests"`
	OK               int      `json:"ok"`
	FirstTTFTSeconds *float64 `json:"first_ttft_seconds"`
	LastTTFTSeconds  *float64 `json:"last_ttft_seconds"`
	FirstError       string   `json:"first_error"`
	Simulated        bool     `json:"simulated"`
	Settled          *bool    `json:"settled"`
	Windows          []struct {
		MedianTTFTSeconds float64 `json:"median_ttft_seconds"`
	} `json:"windows"`
}

func read(t *testing.T, dir string) report {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "warmup.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

var work = stage.Workload{API: "completions", ISL: length.Of(128), OSL: length.Of(16), IgnoreEOS: true}

// No measured prompt finds a block of a warm-up's in the prefix cache, by either API: the caches are what a warm-up must not fill.
func TestNothingIsFoundInTheCache(t *testing.T) {
	on := true
	for _, api := range []string{"completions", "chat"} {
		t.Run(api, func(t *testing.T) {
			server := simtest.Start(t, simulator.Config{Model: "Qwen3-8B-FP8", Profile: "offline", Speed: 20, PrefixCache: &on})
			work := work
			work.API = api
			warm := task(t, warmup.Name, server.Endpoint(), stage.WarmupConfig{Workload: work, Users: 8, Requests: 3, Seed: 1})
			if err := warmup.New().Run(t.Context(), env, warm); err != nil {
				t.Fatal(err)
			}
			got := read(t, warm.Dir)
			if got.Requests != 8 || got.OK != 8 || !got.Simulated || got.FirstTTFTSeconds == nil || *got.FirstTTFTSeconds <= 0 || got.LastTTFTSeconds == nil {
				t.Errorf("report: %+v: want one request for each user", got)
			}
			work.Requests = 16
			measured := task(t, load.Name, server.Endpoint(), stage.LoadConfig{Workload: work, Users: 8, Trial: 1, Seed: 1})
			if err := load.New().Run(t.Context(), env, measured); err != nil {
				t.Fatal(err)
			}
			rows, _, err := table.Read[table.Request](filepath.Join(measured.Dir, "requests.parquet"))
			if err != nil || len(rows) != 16 {
				t.Fatalf("%d rows: %v", len(rows), err)
			}
			for _, r := range rows {
				if r.CachedTokens == nil || *r.CachedTokens >= 16 { // a block; a chat's template is alike for all
					t.Errorf("request %d: %v cached tokens", r.Index, r.CachedTokens)
				}
			}
			if n := len(server.Requests()); n < 24 {
				t.Errorf("the server had %d requests", n)
			}
		})
	}
}

func TestSharedPrefixIsWarm(t *testing.T) {
	on := true
	server := simtest.Start(t, simulator.Config{Model: "Qwen3-8B-FP8", Profile: "offline", Speed: 20, PrefixCache: &on})
	work := work
	work.SharedPrefix, work.Requests = 64, 16
	if err := warmup.New().Run(t.Context(), env, task(t, warmup.Name, server.Endpoint(), stage.WarmupConfig{Workload: work, Users: 2, Seed: 1})); err != nil {
		t.Fatal(err)
	}
	measured := task(t, load.Name, server.Endpoint(), stage.LoadConfig{Workload: work, Users: 2, Trial: 1, Seed: 1})
	if err := load.New().Run(t.Context(), env, measured); err != nil {
		t.Fatal(err)
	}
	rows, _, err := table.Read[table.Request](filepath.Join(measured.Dir, "requests.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.CachedTokens == nil || *r.CachedTokens != 64 {
			t.Errorf("request %d: %v cached tokens, want the prefix's 64", r.Index, r.CachedTokens)
		}
	}
}

func TestFailures(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			MaxTokens int `json:"max_tokens"`
		}
		switch err := json.NewDecoder(r.Body).Decode(&body); {
		case err != nil || r.URL.Path == "/tokenize":
			w.WriteHeader(http.StatusNotFound)
		case body.MaxTokens > 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			_, _ = w.Write([]byte(`data: {"choices":[{"text":"a","finish_reason":"length"}]}` + "\n\n"))
		}
	}))
	t.Cleanup(server.Close)
	failing := task(t, warmup.Name, stage.Endpoint{URL: server.URL}, stage.WarmupConfig{Workload: work, Requests: 9, Seed: 1})
	err := warmup.New().Run(t.Context(), env, failing)
	want := "warmup: all of 9 requests failed; the first ended with http_error: HTTP 503"
	if err == nil || err.Error() != want || stage.ClassOf(err) != stage.Transient || stage.ReasonOf(err) != "all_requests_failed" {
		t.Errorf("%s, %s: %v, want %s", stage.ClassOf(err), stage.ReasonOf(err), err, want)
	}
	if got := read(t, failing.Dir); got.Requests != 9 || got.OK != 0 || got.FirstError != "http_error: HTTP 503" || got.FirstTTFTSeconds != nil {
		t.Errorf("report: %+v", got)
	}
	ended := stage.Failf(stage.Permanent, stage.ReasonServerEnded, "it has ended")
	failing.Incarnation.Live = mortal{failing.Incarnation.Live, ended}
	err = warmup.New().Run(t.Context(), env, failing)
	want += ", and the deployment is gone: it has ended"
	if err == nil || err.Error() != want || stage.ClassOf(err) != stage.Permanent || stage.ReasonOf(err) != "endpoint_gone" {
		t.Errorf("%s, %s: %v, want %s", stage.ClassOf(err), stage.ReasonOf(err), err, want)
	}
	failing.Incarnation = nil
	if err := warmup.New().Run(t.Context(), env, failing); err == nil || err.Error() != "warmup: the step has no deployment to warm up" {
		t.Errorf("without a deployment: %v", err)
	}
}

// A suite that wants no warm-up has a step that asks the server nothing.
func TestNoWarmup(t *testing.T) {
	server := simtest.Start(t, simulator.Config{Model: "Qwen3-8B-FP8"})
	task := task(t, "warmup", server.Endpoint(), stage.WarmupConfig{
		Users: 4, Workload: stage.Workload{API: "completions", ISL: length.Of(64), OSL: length.Of(8), IgnoreEOS: true},
	})
	if err := warmup.New().Run(t.Context(), env, task); err != nil {
		t.Fatal(err)
	}
	if got := read(t, task.Dir); got.Requests != 0 || !got.Simulated || len(server.Requests()) > 0 {
		t.Errorf("%+v, and the server had %d requests", got, len(server.Requests()))
	}
}

// A warm-up that is to settle ends by itself, long before the most that it may send, and what is in flight then is answered.
func TestUntilSettled(t *testing.T) {
	server := simtest.Start(t, simulator.Config{Model: "Qwen3-8B-FP8", Profile: "offline", Speed: 5})
	task := task(t, warmup.Name, server.Endpoint(), stage.WarmupConfig{Workload: work, Users: 4, Requests: 4, Settle: true, Seed: 1})
	if err := warmup.New().Run(t.Context(), env, task); err != nil {
		t.Fatal(err)
	}
	got := read(t, task.Dir)
	if got.Settled == nil || got.OK != got.Requests || got.Requests < 3*16 || got.Requests > len(server.Requests()) {
		t.Fatalf("%+v, and the server had %d requests", got, len(server.Requests()))
	}
	if windows := len(got.Windows); *got.Settled != (windows < 32) || got.Requests < 16*windows || windows < 16 && got.Requests > 16*24 { // who takes answers in may be late
		t.Errorf("settled %v after %d windows and %d requests", *got.Settled, windows, got.Requests)
	}
	for i, w := range got.Windows {
		if w.MedianTTFTSeconds <= 0 {
			t.Errorf("window %d: %v s", i, w.MedianTTFTSeconds)
		}
	}
}

// mortal is a deployment of which this is said when somebody asks whether it is alive.
type mortal struct {
	stage.Live
	dead error
}

func (m mortal) Alive(context.Context) error { return m.dead }
