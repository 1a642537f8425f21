package load_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/deploy/simulator"
	"github.com/strangeloopio/inferencex/stages/load"
)

var fast = simulator.Config{Model: "Qwen3-8B-FP8", Profile: "offline", Speed: 5}

func TestLoad(t *testing.T) {
	for _, api := range []string{"completions", "chat"} {
		t.Run(api, func(t *testing.T) {
			server, endpoint := simulate(t, fast)
			cfg := cell(16)
			cfg.Workload.API = api
			task := task(t, endpoint, cfg)
			if err := load.New().Run(t.Context(), environment(), task); err != nil {
				t.Fatal(err)
			}
			all := rows(t, task.Dir)
			if len(all) != 128 {
				t.Fatalf("%d rows", len(all))
			}
			indices, ids, users := map[int64]bool{}, map[string]bool{}, map[int32]bool{}
			for _, r := range all {
				if r.Status != "ok" || *r.ISL != 128 || *r.OSL != 64 || r.TokenSource != "usage" || r.FinishReason != "length" || *r.CachedTokens != 0 {
					t.Fatalf("row: %+v", r)
				}
				if r.Cell != step.String() || r.Trial != 2 || r.Attempt != 1 || r.StaleRetries != 0 || r.TSend < r.TSched {
					t.Fatalf("row: %+v", r)
				}
				indices[r.Index], ids[r.ID], users[r.User] = true, true, true
			}
			if len(indices) != 128 || len(ids) != 128 || len(users) != 16 {
				t.Errorf("%d indices, %d ids, %d users", len(indices), len(ids), len(users))
			}
			least := .95 * 16
			if raceEnabled {
				least = .7 * 16 // the detector takes its share of each turn-around
			}
			if got := concurrency(all); got < least || got > 16 {
				t.Errorf("achieved concurrency %.2f of 16", got)
			}
			checkChunks(t, task.Dir, all)
			checkFacts(t, task.Dir, all, endpoint)
			if n := len(server.Requests()); n < 128 || n > 128+4 {
				t.Errorf("the server had %d requests: want the load's and a few probes", n)
			}
		})
	}
}

// concurrency is the mean of requests in flight from the first send to the last end.
func concurrency(all []table.Request) float64 {
	first, last, busy := all[0].TSend, all[0].TDone, int64(0)
	for _, r := range all {
		first, last = min(first, r.TSend), max(last, r.TDone)
		busy += r.TDone - r.TSend
	}
	return float64(busy) / float64(last-first)
}

func checkChunks(t *testing.T, dir string, all []table.Request) {
	t.Helper()
	chunks, meta, err := table.Read[table.Chunk](filepath.Join(dir, "chunks.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if meta["simulated"] != "true" || meta["cell"] != step.String() {
		t.Errorf("meta: %v", meta)
	}
	of := map[int64][]table.Chunk{}
	for _, c := range chunks {
		if c.Cell != step.String() || int(c.Seq) != len(of[c.Request]) {
			t.Fatalf("chunk: %+v", c)
		}
		of[c.Request] = append(of[c.Request], c)
	}
	for _, r := range all {
		mine := of[r.Index]
		if len(mine) != int(r.Chunks) || mine[0].T != *r.TFirstToken || mine[len(mine)-1].T != *r.TLastToken {
			t.Fatalf("request %d: %d chunks of %d", r.Index, len(mine), r.Chunks)
		}
	}
}

func checkFacts(t *testing.T, dir string, all []table.Request, endpoint stage.Endpoint) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "load.json"))
	if err != nil {
		t.Fatal(err)
	}
	var facts struct {
		EpochUnixNS   int64          `json:"epoch_unix_ns"`
		WindowStartNS int64          `json:"window_start_ns"`
		WindowEndNS   int64          `json:"window_end_ns"`
		Simulated     bool           `json:"simulated"`
		Users         int            `json:"users"`
		Connections   int            `json:"connections_dialled"`
		Statuses      map[string]int `json:"statuses"`
		Endpoint      stage.Endpoint `json:"endpoint"`
	}
	if err := json.Unmarshal(text, &facts); err != nil {
		t.Fatal(err)
	}
	first := slices.MinFunc(all, func(a, b table.Request) int { return int(a.TSend - b.TSend) }).TSend
	last := slices.MaxFunc(all, func(a, b table.Request) int { return int(a.TDone - b.TDone) }).TDone
	if facts.EpochUnixNS != all[0].EpochUnixNS || facts.WindowStartNS != first || facts.WindowEndNS != last {
		t.Errorf("window: %+v", facts)
	}
	if !facts.Simulated || facts.Users != 16 || facts.Connections != 17 || facts.Statuses["ok"] != 128 { // a probe dials one of its own
		t.Errorf("facts: %s", text)
	}
	if diff := cmp.Diff(endpoint, facts.Endpoint); diff != "" {
		t.Errorf("endpoint (-want +got):\n%s", diff)
	}
	for _, name := range []string{"requests.arrow", "chunks.arrow"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", name, err)
		}
	}
}

func TestDuration(t *testing.T) {
	_, endpoint := simulate(t, fast)
	cfg := cell(4)
	cfg.Workload.Requests, cfg.Workload.Duration = 0, stage.Duration(2*time.Second) // of the server
	task := task(t, endpoint, cfg)
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	all := rows(t, task.Dir)
	begin, end := all[0].TSched, int64(0)
	for _, r := range all {
		begin, end = min(begin, r.TSched), max(end, r.TSched)
		if r.Status != "ok" {
			t.Errorf("row: %+v", r)
		}
	}
	if took := time.Duration(end - begin); took >= 2*time.Second || took < time.Second {
		t.Errorf("%d requests were due over %v", len(all), took)
	}
}

func TestProgress(t *testing.T) {
	_, endpoint := simulate(t, fast)
	env := environment()
	var last atomic.Pointer[stage.Progress]
	env.Progress = func(p stage.Progress) { last.Store(&p) }
	if err := load.New().Run(t.Context(), env, task(t, endpoint, cell(4))); err != nil {
		t.Fatal(err)
	}
	p := last.Load()
	if p == nil || p.Done != 32 || p.Total != 32 || p.Figures["errors"] != 0 || p.Figures["in_flight"] != int64(0) {
		t.Fatalf("progress: %+v", p)
	}
	if ttft, ok := p.Figures["ttft_p50_s"].(float64); !ok || ttft <= 0 {
		t.Errorf("figures: %v", p.Figures)
	}
	if _, ok := p.Figures["output_tps"].(float64); !ok {
		t.Errorf("figures: %v", p.Figures)
	}
}
