package aggregate_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/aggregate"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

var update = flag.Bool("update", false, "write the golden files anew")

const epoch = int64(1_767_607_200_000_000_000)

func p[T any](v T) *T { return &v }

func cellConfig(users, trial int) stage.CellConfig {
	key := fmt.Sprintf("qwen3-8b/h100/2gpu/%du/1024x256/t%d", users, trial)
	load := addr.Step{Kind: "load", Name: "chat", Key: key}
	return stage.CellConfig{
		Labels: result.Labels{
			Cell: key, Address: load.String(), Benchmark: "chat", Model: "qwen3-8b", Repo: "Qwen/Qwen3-8B-FP8", Engine: "vllm",
			Provider: "sim", Workload: "short", GPUType: "H100", GPUs: 2, Users: users, ISL: 1024, OSL: 256, Trial: trial,
			Revision: "220b46e", EngineKind: "vllm", EngineArgs: "--max-num-seqs 64", ProviderType: "simulator",
		},
		Load: load, Power: addr.Step{Kind: "fetch-power", Name: "chat", Key: key},
		SLO: map[string]float64{"ttft_p99": 0.4}, SimulatedByDesign: true,
	}
}

// loadDir is a sealed load of 4 waves of users requests that take a second each, the first token after ttft seconds.
func loadDir(t *testing.T, users int, ttft float64) string {
	t.Helper()
	dir := t.TempDir()
	var requests []table.Request
	var chunks []table.Chunk
	for i := range int64(4 * users) {
		begin := i / int64(users) * 1e9
		first := begin + int64(ttft*1e9)
		requests = append(requests, table.Request{
			Cell: "load.older-name", Trial: 1, Attempt: 1, Index: i, User: int32(i % int64(users)), ID: fmt.Sprint(i), EpochUnixNS: epoch, Status: "ok", HTTPStatus: 200, FinishReason: "length",
			TSched: begin, TSend: begin, TFirstToken: &first, TFirstAnswer: &first, TLastToken: p(begin + 1e9), TDone: begin + 1e9,
			ISLRequested: 1024, ISL: p(int32(1024)), OSLRequested: 256, OSL: p(int32(256)), TokenSource: "usage", Chunks: 2,
		})
		chunks = append(chunks,
			table.Chunk{Cell: "load.older-name", Request: i, Seq: 0, T: first, Tokens: 1, Kind: "content"},
			table.Chunk{Cell: "load.older-name", Request: i, Seq: 1, T: begin + 1e9, Tokens: 255, Kind: "content"})
	}
	if err := table.Write(filepath.Join(dir, measured.RequestsFile), requests, table.Meta{"run": "20260105T100000Z-demo-0000"}); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, measured.ChunksFile), chunks)
	problem := ""
	if users == 16 {
		write(t, filepath.Join(dir, measured.ServerFile), serverReadings(users, ttft))
	} else {
		problem = "GET /metrics: 404 Not Found"
	}
	put(t, filepath.Join(dir, measured.LoadFile), measured.Load{Server: measured.Server{Problem: problem}, EpochUnixNS: epoch, WindowEndNS: 4e9, Simulated: true, Endpoint: &stage.Endpoint{
		Engine: "vllm", EngineVersion: "0.11.0", RTTSeconds: 0.0004, Simulated: true, Clock: stage.ServerClock{Speed: 4},
		GPUs: []stage.DeviceGPU{{Index: 0, Name: "NVIDIA H100 80GB HBM3"}, {Index: 1, Name: "NVIDIA H100 80GB HBM3"}},
	}})
	return dir
}

// serverReadings is what the server of such a load says of itself: as many requests as there are users, of which two wait, and
// half of a KV cache.
func serverReadings(users int, ttft float64) []table.Server {
	var rows []table.Server
	for i, phase := range []string{"before", "during", "during", "during", "after"} {
		row := table.Server{Cell: "load.older-name", Phase: phase, TSend: int64(i) * 1e9, TDone: int64(i) * 1e9, Engine: "vllm"}
		done := float64(users * i)
		row.InputTokens, row.OutputTokens, row.Finished = p(1e6+1024*done), p(1e5+256*done), p(1000+done)
		row.PrefixQueries, row.PrefixHits, row.Preemptions = row.InputTokens, p(5e4), p(3.0)
		row.TTFTSumSeconds, row.TTFTCount, row.TPOTSumSeconds, row.TPOTCount = p(200+.9*ttft*done), p(1000+done), p(1e4+255*.002*done), p(1e6+255*done)
		if phase == "during" {
			row.Running, row.Waiting, row.KVUsage = p(float64(users-2)), p(2.0), p(0.5)
		}
		rows = append(rows, row)
	}
	return rows
}

// powerDir is a sealed fetch-power of two GPUs at constant watts; problem says why there is none.
func powerDir(t *testing.T, watts float64, problem string) string {
	t.Helper()
	dir := t.TempDir()
	var rows []table.Power
	for i := int64(0); i <= 60 && problem == ""; i++ {
		for gpu := range int32(2) {
			rows = append(rows, table.Power{
				Cell: "load.older-name", TUnixNS: epoch - 1e9 + i*1e8, Seq: i, GPUIndex: gpu, GPUUUID: fmt.Sprintf("GPU-%d", gpu),
				PowerWatts: p(watts), PowerKind: "instant", EnergyJoules: p(watts * float64(i) / 10), Source: "simulator",
			})
		}
	}
	write(t, filepath.Join(dir, measured.PowerTable), rows)
	put(t, filepath.Join(dir, measured.PowerFile), measured.Power{
		Source: "simulator", Problem: problem, Readings: len(rows), Query: energy.Query{FromUnixNS: epoch, ToUnixNS: epoch + 4e9, Devices: 2},
	})
	return dir
}

func write[R any](t *testing.T, path string, rows []R) {
	t.Helper()
	if err := table.Write(path, rows, nil); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, path string, v any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = os.WriteFile(path, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// newTask is a run of six cells: two trials with power and one whose load failed; and of other sizes one without power, one whose power was
// required and failed — a load that lacks it is not sealed — and one that the run was interrupted before.
func newTask(t *testing.T) stage.Task {
	t.Helper()
	cells := []stage.CellConfig{cellConfig(16, 1), cellConfig(16, 2), cellConfig(16, 3), cellConfig(4, 1), cellConfig(1, 1), cellConfig(2, 1)}
	config, err := json.Marshal(stage.AggregateConfig{
		Suite: "demo", Description: "A demonstration.", Seed: 42, Cells: cells, GPUs: map[string]stage.GPU{"H100": {PricePerHourUSD: 3.95, IdleWatts: 120, TDPWatts: 700}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return stage.Task{Address: addr.Step{Kind: "aggregate"}, Attempt: 1, Config: config, Dir: t.TempDir(), Inputs: []stage.Input{
		{Address: cells[0].Load, Dir: loadDir(t, 16, 0.25)},
		{Address: cells[0].Power, Dir: powerDir(t, 400, "")},
		{Address: cells[1].Load, Dir: loadDir(t, 16, 0.35)},
		{Address: cells[1].Power, Dir: powerDir(t, 500, "")},
		{Address: cells[2].Load, Failure: "kv_cache_too_small: 16 users need 40 GB"},
		{Address: cells[2].Power, Failure: "load_failed: there is no load"},
		{Address: cells[3].Load, Dir: loadDir(t, 4, 0.5)},
		{Address: cells[3].Power, Dir: powerDir(t, 0, "the endpoint offers no power readings")},
		{Address: cells[4].Load, Failure: "fetch-power: power_gap: power is required"},
		{Address: cells[4].Power, Failure: "fetch-power: power_gap: power is required"},
		{Address: cells[5].Load, Failure: "not measured: the run was interrupted"},
		{Address: cells[5].Power, Failure: "not measured: the run was interrupted"},
	}}
}

func run(t *testing.T, task stage.Task) result.Results {
	t.Helper()
	env := stage.Env{Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	if err := aggregate.New().Run(t.Context(), env, task); err != nil {
		t.Fatal(err)
	}
	results, err := result.Read(filepath.Join(task.Dir, "report", "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func TestReportsGolden(t *testing.T) {
	task := newTask(t)
	run(t, task)
	for _, name := range []string{"results.json", "results.csv", "results.md", "benchmark_gpu_users_results.json"} {
		got, err := os.ReadFile(filepath.Join(task.Dir, "report", name))
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("testdata/%s is otherwise (-want +got); if you mean it: go test ./stages/aggregate -update, and read what git diff "+
				"says\n%s", name, diff)
		}
	}
}

func TestNumbersOfACell(t *testing.T) {
	cell := run(t, newTask(t)).Cells[0]
	want := map[string]float64{
		"requests_ok": 64, "window_s": 4, "output_tps": 4096, "output_tps_per_gpu": 2048, "e2el_mean_s": 1, "ttft_mean_s": 0.25,
		"energy_j": 3200, "power_w_mean": 400, "tok_s_per_kw": 5120, "achieved_concurrency": 16, "good_fraction": 1, "icl_max_s": 0.75,
	}
	for name, v := range want {
		if got, ok := cell.Value(name); !ok || got < v-1e-6 || got > v+1e-6 {
			t.Errorf("%s = %v, %v, want %v", name, got, ok, v)
		}
	}
}

func TestEveryCellIsARow(t *testing.T) {
	cells := run(t, newTask(t)).Cells
	type row struct {
		Status, Failure, Validity string
		Reasons                   []string
		Power                     bool
		Missed                    []string
	}
	var got []row
	for _, c := range cells {
		got = append(got, row{c.Status, c.Failure, c.Validity, c.Reasons, c.PowerValid, c.SLOMissed})
	}
	want := []row{
		{"ok", "", "valid_with_notes", []string{"p99_small_n"}, true, []string{}},
		{"ok", "", "valid_with_notes", []string{"p99_small_n"}, true, []string{}},
		{"failed", "kv_cache_too_small: 16 users need 40 GB", "invalid", []string{"failed"}, false, []string{}},
		{"ok", "", "valid_with_notes", []string{"power_missing", "p90_small_n", "p99_small_n"}, false, []string{"ttft_p99"}},
		{"failed", "fetch-power: power_gap: power is required", "invalid", []string{"failed"}, false, []string{}},
		{"missing", "not measured: the run was interrupted", "invalid", []string{"not_measured"}, false, []string{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"ttft_p99 500 ms > 400 ms"}, cells[3].SLONotes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"not_measured: the run was interrupted"}, cells[5].Notes); diff != "" {
		t.Error(diff)
	}
	if len(cells[2].Metrics) > 0 {
		t.Errorf("a failed cell has numbers: %v", cells[2].Metrics)
	}
	if note := cells[3].Notes[0]; note != "power_missing: no reading of any device: the endpoint offers no power readings" {
		t.Errorf("the note does not say why there is no power: %s", note)
	}
}

func TestGPUsThatTheSuiteSaysNothingOf(t *testing.T) {
	for _, tc := range []struct {
		name  string
		said  map[string]stage.GPU
		watts float64
		note  string
	}{
		{"a loaded H100 draws more than 96 W", nil, 96, "power_implausible: 96 W a GPU under load, it draws 120 W when idle"},
		{"and less than 800 W", nil, 800, "power_implausible: 800 W a GPU, its limit is 700 W"},
		{"the suite knows better", map[string]stage.GPU{"H100": {IdleWatts: 50, TDPWatts: 900}}, 800, ""},
		{"in part", map[string]stage.GPU{"H100": {TDPWatts: 900}}, 96, "power_implausible: 96 W a GPU under load, it draws 120 W when idle"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			task := newTask(t)
			config, err := json.Marshal(stage.AggregateConfig{Suite: "demo", Cells: []stage.CellConfig{cellConfig(16, 1)}, GPUs: tc.said})
			if err != nil {
				t.Fatal(err)
			}
			task.Config, task.Inputs[1].Dir = config, powerDir(t, tc.watts, "")
			notes := run(t, task).Cells[0].Notes
			if got := slices.Contains(notes, tc.note); got != (tc.note != "") || (!got && strings.Contains(fmt.Sprint(notes), "implausible")) {
				t.Errorf("notes %q, want %q", notes, tc.note)
			}
		})
	}
}

// A load that tells of a client at its limit is told of as such.
func TestTheClientsPart(t *testing.T) {
	task := newTask(t)
	client := measured.Client{MaxProcs: 4, WallSeconds: 4, CPUSeconds: 15.2}
	put(t, filepath.Join(task.Inputs[0].Dir, measured.LoadFile), measured.Load{EpochUnixNS: epoch, WindowEndNS: 4e9, Client: client})
	cell := run(t, task).Cells[0]
	if want := "client_limited: the client used 95 % of its 4 processors"; cell.Validity != "invalid" || cell.Notes[0] != want {
		t.Errorf("%s: %q, want %q", cell.Validity, cell.Notes, want)
	}
}
