package aggregate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table/tabletest"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
)

// phasedTask is a run of one load of four waves of 16 requests, a second each, in three stretches.
func phasedTask(t *testing.T) stage.Task {
	l := cellConfig(16, 1)
	l.Phases = phase.Phases{{Users: 8, Duration: 2 * time.Second}, {Users: 16, Ramp: time.Second, Duration: 2 * time.Second}}
	l.Pattern, l.SLO = l.Phases.String(), map[string]float64{"ttft_p99": 0.2}
	config, err := json.Marshal(stage.AggregateConfig{Suite: "phased", Cells: []stage.CellConfig{l}})
	if err != nil {
		t.Fatal(err)
	}
	return stage.Task{Address: addr.Step{Kind: "aggregate"}, Attempt: 1, Config: config, Dir: t.TempDir(), Inputs: []stage.Input{{Address: l.Load, Dir: loadDir(t, 16, 0.25)}}}
}

func TestEachPhaseIsARow(t *testing.T) {
	task := phasedTask(t)
	results := run(t, task)
	phases := results.Cells[0].Phases
	var shapes []result.Phase
	for _, ph := range phases {
		metrics := map[string]float64{}
		for _, name := range []string{"requests_ok", "output_tps", "rps", "achieved_concurrency", "ttft_p99_s", "tpot_p50_s", "server_queue_mean", "sent_rps", "good_fraction"} {
			if v, ok := ph.Value(name); ok {
				metrics[name] = v
			}
		}
		ph.Metrics = metrics
		shapes = append(shapes, ph)
	}
	of := func(requests, good float64, more map[string]float64) map[string]float64 {
		m := map[string]float64{"requests_ok": requests, "output_tps": 4096, "rps": 16, "achieved_concurrency": 16, "ttft_p99_s": 0.25, "tpot_p50_s": 0.00294117647059, "good_fraction": good}
		for name, v := range more {
			m[name] = v
		}
		return m
	}
	queue := map[string]float64{"server_queue_mean": 2}
	want := []result.Phase{
		{Phase: 1, FromSeconds: 0, ToSeconds: 2, Users: 8, Metrics: of(32, 0, queue)},
		{Phase: 2, FromSeconds: 2, ToSeconds: 3, Users: 16, RampFrom: p(8.0), Metrics: of(16, 0, queue)},
		{Phase: 2, FromSeconds: 3, ToSeconds: 4, Users: 16, Metrics: of(16, 0, queue)},
	}
	if diff := cmp.Diff(want, shapes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	written := tabletest.Read(t, filepath.Join(task.Dir, "tables", "phases.parquet"))
	columns, rows := written.Columns, written.Rows
	if len(rows) != 3 || columns[0].Name != "cell" {
		t.Fatalf("%d rows, first column %s", len(rows), columns[0].Name)
	}
	for i, row := range rows {
		if row["cell"] != results.Cells[0].Address {
			t.Errorf("row %d is of %v", i, row["cell"])
		}
		for _, c := range result.PhaseColumns(results.PhaseMetrics) {
			if diff := cmp.Diff(c.Value(phases[i]), row[c.Name]); diff != "" {
				t.Errorf("row %d, %s: %s", i, c.Name, diff)
			}
		}
	}

	text, err := os.ReadFile(filepath.Join(task.Dir, "report", "results.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"| Config | Load | Seconds | Requests | Failed | Done /s | Output tok/s | In flight | TTFT p50 | TTFT p99 | TPOT p50 | TPOT p99 | Good | Server's queue |",
		"| 2GPU/8-16u*‡ | 8 users | 0–2 | 32 | 0 | 16 | 4,096 | 16 | 250 ms | 250 ms | 2.94 ms | 2.94 ms | 0 % | 2 |",
		"| 2GPU/8-16u*‡ | 8 → 16 users | 2–3 | 16 | 0 | 16 | 4,096 | 16 | 250 ms | 250 ms | 2.94 ms | 2.94 ms | 0 % | 2 |",
	} {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("the report lacks\n%s\n%s", line, text)
		}
	}
}

// A run without phases has no table of them, nor any key.
func TestNoPhases(t *testing.T) {
	task := newTask(t)
	run(t, task)
	if _, err := os.Stat(filepath.Join(task.Dir, "tables", "phases.parquet")); !os.IsNotExist(err) {
		t.Errorf("phases.parquet: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(task.Dir, "report", "results.json"))
	if err != nil || strings.Contains(string(text), "phase") {
		t.Errorf("phases in results.json, or %v", err)
	}
}
