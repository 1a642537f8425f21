package aggregate_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
)

// TestARunOnTheSimulatorIsSimulated whatever became of its cells.
func TestARunOnTheSimulatorIsSimulated(t *testing.T) {
	for _, c := range []struct {
		name      string
		byDesign  bool
		measured  bool
		simulated bool
	}{
		{"its only cell failed", true, false, true},
		{"a load met a simulated endpoint", false, true, true},
		{"a cell failed on hardware", false, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			cell := cellConfig(16, 1)
			cell.SimulatedByDesign = c.byDesign
			config, err := json.Marshal(stage.AggregateConfig{Suite: "demo", Cells: []stage.CellConfig{cell}})
			if err != nil {
				t.Fatal(err)
			}
			load := stage.Input{Address: cell.Load, Failure: "load: errors: every request failed"}
			if c.measured {
				load = stage.Input{Address: cell.Load, Dir: loadDir(t, 16, 0.25)}
			}
			task := stage.Task{Config: config, Dir: t.TempDir(), Inputs: []stage.Input{load}}
			results := run(t, task)
			_, meta, err := table.Read[table.Request](filepath.Join(task.Dir, "tables", "requests.parquet"))
			if err != nil {
				t.Fatal(err)
			}
			if results.Simulated != c.simulated || results.Cells[0].Simulated != c.simulated || meta["simulated"] != fmt.Sprint(c.simulated) {
				t.Errorf("run %t, cell %t, tables %s; want %t", results.Simulated, results.Cells[0].Simulated, meta["simulated"], c.simulated)
			}
		})
	}
}

// TestEveryCellHasThePromisedKeys holds results.json to what scripts may rely on, for cells without numbers too.
func TestEveryCellHasThePromisedKeys(t *testing.T) {
	task := newTask(t)
	run(t, task)
	text, err := os.ReadFile(filepath.Join(task.Dir, "report", "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cells []map[string]any `json:"cells"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, key := range strings.Fields(`cell model gpu_type gpus users isl osl trial status requests_ok requests_failed output_tps output_tps_per_gpu
		e2el_mean_s ttft_mean_s ttft_p99_s tpot_p50_s interactivity_mean power_w_mean tok_s_per_kw energy_j power_valid validity reasons
		run measured_at engine_version slo_missed slo_notes`) {
		for i, cell := range file.Cells {
			if _, there := cell[key]; !there {
				t.Errorf("cell %d has no %s", i, key)
			}
		}
	}
}

func TestACellSaysWhereItsNumbersAreFrom(t *testing.T) {
	rtt, speed := 0.0004, 4.0
	want := result.Origin{
		Run: "20260105T100000Z-demo-0000", MeasuredAt: "2026-01-05T10:00:00Z", ServerEngine: "vllm", EngineVersion: "0.11.0",
		GPUNames: []string{"NVIDIA H100 80GB HBM3"}, RTTSeconds: &rtt, Speed: &speed, ServerMetrics: "vllm",
	}
	if diff := cmp.Diff(want, run(t, newTask(t)).Cells[0].Origin); diff != "" {
		t.Error(diff)
	}
}
