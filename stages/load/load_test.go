package load_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
	"github.com/strangeloopio/inferencex/stages/simulator"
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
			if got := concurrency(all); got > 16 {
				t.Errorf("%.2f requests in flight for 16 users", got)
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
	cfg.Workload.Requests, cfg.Workload.Duration, cfg.Workload.Grace = 0, stage.Duration(2*time.Second), stage.Duration(time.Minute) // of the server
	task := task(t, endpoint, cfg)
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	all := rows(t, task.Dir)
	begin, ends := all[0].TSched, map[int32]int64{}
	for _, r := range all {
		begin, ends[r.User] = min(begin, r.TSched), max(ends[r.User], r.TDone)
		if r.Status != "ok" {
			t.Errorf("row: %+v", r)
		}
	}
	for _, r := range all {
		if due := time.Duration(r.TSched - begin); due >= 2*time.Second {
			t.Errorf("request %d was due after %v", r.Index, due)
		}
	}
	for user, end := range ends {
		if worked := time.Duration(end - begin); worked < 2*time.Second {
			t.Errorf("user %d had its last answer after %v and did not go on", user, worked)
		}
	}
	if len(ends) != 4 {
		t.Errorf("%d users", len(ends))
	}
}

func TestProgress(t *testing.T) {
	_, endpoint := simulate(t, fast)
	env := environment()
	var all []stage.Progress
	env.Progress = func(p stage.Progress) { all = append(all, p) } // of one goroutine at a time, the last one before Run returns
	if err := load.New().Run(t.Context(), env, task(t, endpoint, cell(4))); err != nil {
		t.Fatal(err)
	}
	p := all[len(all)-1]
	if p.Done != 32 || p.Total != 32 || p.Figures["errors"] != 0 || p.Figures["in_flight"] != int64(0) || p.Figures["eta_s"] != 0.0 {
		t.Fatalf("progress: %+v", p)
	}
	figure := func(name string) float64 {
		v, _ := p.Figures[name].(float64)
		return v
	}
	if figure("output_tps") <= 0 || figure("ttft_p50_s") <= 0 || figure("ttft_p99_s") < figure("ttft_p50_s") ||
		figure("tpot_p50_s") <= 0 || figure("tpot_p99_s") < figure("tpot_p50_s") {
		t.Errorf("figures: %v", p.Figures)
	}
}

// A load of so much time knows from its beginning how long it will take, in this machine's time.
func TestProgressOfADuration(t *testing.T) {
	_, endpoint := simulate(t, fast)
	env := environment()
	var all []stage.Progress
	env.Progress = func(p stage.Progress) { all = append(all, p) }
	cfg := cell(4)
	cfg.Workload.Requests, cfg.Workload.Duration = 0, stage.Duration(10*time.Second)
	if err := load.New().Run(t.Context(), env, task(t, endpoint, cfg)); err != nil {
		t.Fatal(err)
	}
	before := 10/fast.Speed + 1e-9
	for i, p := range all {
		left, ok := p.Figures["eta_s"].(float64)
		if !ok || left < 0 || left > before || p.Total != 0 {
			t.Fatalf("reading %d: %+v after %v s left", i, p, before)
		}
		before = left
	}
	if before != 0 {
		t.Errorf("%v s left at the end", before)
	}
}

// TestALoadSaysAllThatReadersWant protects every field of load.json that another step reads: each is set by a load
// that has something to say in all of them. A zero would switch off what needs it.
func TestALoadSaysAllThatReadersWant(t *testing.T) {
	_, endpoint := simulate(t, fast)
	cfg := cell(4)
	cfg.Cold, cfg.Workload.SharedPrefix = true, 32
	task := task(t, endpoint, cfg)
	if err := load.New().Run(t.Context(), environment(), task); err != nil {
		t.Fatal(err)
	}
	said, err := measured.ReadLoad(task.Dir)
	if err != nil {
		t.Fatal(err)
	}
	fields := reflect.ValueOf(said)
	for i := range fields.NumField() {
		if fields.Field(i).IsZero() {
			t.Errorf("%s is not said", fields.Type().Field(i).Name)
		}
	}
	if !said.Cold || said.SharedPrefix != 32 {
		t.Errorf("cold %v, a shared prefix of %d; want a cold load and 32 tokens", said.Cold, said.SharedPrefix)
	}
}
