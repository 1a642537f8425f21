package load_test

import (
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

// atRate is a small cell of so many requests a second.
func atRate(rps float64, requests int) stage.LoadConfig {
	cfg := cell(1)
	cfg.Users, cfg.RateRPS, cfg.Workload.Requests, cfg.Workload.Arrival = 0, rps, requests, "poisson"
	return cfg
}

// schedule returns when each request was due, from the first, by index.
func schedule(all []table.Request) []int64 {
	slices.SortFunc(all, func(a, b table.Request) int { return int(a.Index - b.Index) })
	var due []int64
	for _, r := range all {
		due = append(due, r.TSched-all[0].TSched)
	}
	return due
}

func TestOpenLoop(t *testing.T) {
	_, endpoint := simulate(t, fast)
	task := task(t, endpoint, atRate(40, 100))
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	all := rows(t, task.Dir)
	due := schedule(all)
	if len(all) != 100 || !slices.IsSorted(due) {
		t.Fatalf("%d rows, due at %v", len(all), due)
	}
	for i, r := range all {
		if r.Index != int64(i) || r.Status != "ok" || r.User != -1 || r.TSend < r.TSched || *r.ISL != 128 || *r.OSL != 64 {
			t.Errorf("row: %+v", r)
		}
	}
	// The standard deviation of the mean of 99 exponential gaps is a tenth of it.
	if mean := float64(due[99]) / 99 / 1e9; math.Abs(40*mean-1) > .4 {
		t.Errorf("a mean gap of %.4f s at 40 requests/s", mean)
	}
	var facts struct {
		RateRPS     float64 `json:"rate_rps"`
		Requests    int     `json:"requests"`
		Connections int     `json:"connections_dialled"`
	}
	readFacts(t, task.Dir, &facts)
	if facts.RateRPS != 40 || facts.Requests != 100 || facts.Connections < 200 {
		t.Errorf("facts: %+v, want 5 s of connections dialled ahead", facts)
	}
}

func readFacts(t *testing.T, dir string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "load.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// The same suite and seed send the same bytes at the same times, and cells that are compared have the same arrivals.
func TestOpenLoopOnTheWire(t *testing.T) {
	for name, change := range map[string]func(*stage.Workload){
		"constant": func(w *stage.Workload) { w.Arrival = "constant" },
		"poisson":  func(w *stage.Workload) { w.Arrival = "poisson" },
		"gamma":    func(w *stage.Workload) { w.Arrival, w.Burstiness = "gamma", 0.5 },
		"phases": func(w *stage.Workload) {
			w.Requests, w.Arrival = 0, "constant"
			w.Phases = phase.Phases{{RateRPS: 100, Duration: 100 * time.Millisecond}, {RateRPS: 200, Duration: 100 * time.Millisecond}}
			w.Duration, w.Grace = stage.Duration(200*time.Millisecond), stage.Duration(time.Minute)
		},
		"ramp": func(w *stage.Workload) { w.Arrival, w.Ramp = "poisson", stage.Duration(50*time.Millisecond) },
		"a ramp within a duration": func(w *stage.Workload) { // of 10 requests, and 20 after it
			w.Requests, w.Arrival, w.Ramp = 0, "constant", stage.Duration(40*time.Millisecond)
			w.Duration, w.Grace = stage.Duration(80*time.Millisecond), stage.Duration(time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := stage.Workload{API: "completions", ISL: length.Of(32), OSL: length.Of(8), Requests: 30, IgnoreEOS: true}
			change(&w)
			cfg := stage.LoadConfig{Workload: w, RateRPS: 500, Trial: 1, Seed: 7}
			run := func() (map[string]string, []int64) {
				wire, task := onTheWire(t, load.New(), environment(), cfg)
				return wire.sent, schedule(rows(t, task.Dir))
			}
			sent, due := run()
			again, dueAgain := run()
			if diff := cmp.Diff(sent, again); diff != "" || len(sent) != 30 {
				t.Errorf("%d requests; the second load differs:\n%s", len(sent), diff)
			}
			if diff := cmp.Diff(due, dueAgain); diff != "" {
				t.Errorf("the second load has another schedule:\n%s", diff)
			}
			cfg.Deployment.GPUs = 2
			otherSent, otherDue := run()
			if diff := cmp.Diff(due, otherDue); diff != "" {
				t.Errorf("another cell has another schedule:\n%s", diff)
			}
			for id, body := range otherSent {
				if body == sent[id] {
					t.Errorf("two cells send the same prompt: %s", body)
				}
			}
			cfg.Trial = 2
			if _, next := run(); (cfg.Workload.Arrival == "constant") != cmp.Equal(due, next) {
				t.Errorf("another trial has the schedule %v after %v", next, due)
			}
		})
	}
}

// stuck is a server that answers no request of a load before its gate is opened.
func stuck(t *testing.T, gate <-chan struct{}) stage.Endpoint {
	answers := &scribe{sent: map[string]string{}, head: map[string]http.Header{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Request-Id") != "" {
			<-gate
		}
		answers.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return stage.Endpoint{URL: server.URL, Model: "m"}
}

// A server that answers nothing gets what is due all the same, up to the bound; what comes beyond it is not sent, and is a row.
func TestRequestsAreDropped(t *testing.T) {
	gate := make(chan struct{})
	cfg := atRate(1000, 60)
	cfg.Workload.MaxInFlight, cfg.Workload.Arrival = 5, "constant"
	task := task(t, stuck(t, gate), cfg)
	env := environment()
	var opened atomic.Bool
	env.Progress = func(p stage.Progress) {
		if p.Done == 55 && opened.CompareAndSwap(false, true) {
			close(gate)
		}
	}
	if err := load.New().Run(t.Context(), env, task); err != nil {
		t.Fatal(err)
	}
	statuses := map[string]int{}
	all := rows(t, task.Dir)
	for i, due := range schedule(all) {
		r := all[i]
		statuses[r.Status]++
		if due != int64(i)*1e6 {
			t.Errorf("request %d was due at %d", i, due)
		}
		if r.Status == "dropped" && (r.TSend != r.TSched || r.Chunks != 0 || r.Error != "5 requests were in flight" || r.ISLRequested != 128) {
			t.Errorf("row: %+v", r)
		}
	}
	if diff := cmp.Diff(map[string]int{"ok": 5, "dropped": 55}, statuses); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	var facts struct {
		Requests int            `json:"requests"`
		Statuses map[string]int `json:"statuses"`
		Lag      struct {
			Max float64 `json:"max"`
		} `json:"sched_lag_seconds"`
	}
	readFacts(t, task.Dir, &facts)
	if facts.Requests != 60 || !maps.Equal(facts.Statuses, statuses) {
		t.Errorf("facts: %+v", facts)
	}
}

// A duration ends the sending; answers under way have their grace, and are cut off after it.
func TestOpenLoopIsCutOff(t *testing.T) {
	_, endpoint := simulate(t, simulator.Config{Model: "Qwen3-8B-FP8", Profile: "offline", Speed: 5})
	cfg := atRate(30, 0)
	cfg.Workload.OSL = length.Of(100) // about a second
	cfg.Workload.Duration, cfg.Workload.Grace = stage.Duration(3*time.Second), stage.Duration(50*time.Millisecond)
	task := task(t, endpoint, cfg)
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	statuses := map[string]int{}
	for _, r := range rows(t, task.Dir) {
		statuses[r.Status]++
	}
	if statuses["ok"] == 0 || statuses["unfinished"] == 0 || len(statuses) != 2 {
		t.Errorf("%v", statuses)
	}
}

// Connections beyond those that were dialled at first are there before they are needed.
func TestConnectionsAreDialledAhead(t *testing.T) {
	gate := make(chan struct{})
	endpoint := stuck(t, gate)
	endpoint.Clock.Speed = 200
	cfg := atRate(1, 60) // so that few are dialled before the first request
	cfg.Workload.Arrival = "constant"
	task := task(t, endpoint, cfg)
	env := environment()
	var opened atomic.Bool
	env.Progress = func(p stage.Progress) {
		if p.Figures["in_flight"] == int64(60) && opened.CompareAndSwap(false, true) {
			close(gate)
		}
	}
	if err := load.New().Run(t.Context(), env, task); err != nil {
		t.Fatal(err)
	}
	var facts struct {
		Connections int `json:"connections_dialled"`
	}
	readFacts(t, task.Dir, &facts)
	if facts.Connections < 60+8 {
		t.Errorf("%d connections for 60 requests in flight, want some to spare", facts.Connections)
	}
	for _, r := range rows(t, task.Dir) {
		if r.Status != "ok" {
			t.Errorf("row: %+v", r)
		}
	}
}
