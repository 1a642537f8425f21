package cli

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
)

// simulatedSuite has a cell that is measured and one whose deployment fails.
const simulatedSuite = `
suite "plain" { seed = 1 }
model "m" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}
provider "simulator" "good" {}
provider "simulator" "bad" {
  faults = [{ kind = "startup" }]
}
workload "w" {
  isl      = 64
  osl      = 16
  requests = 8
}
benchmark "b" {
  model    = model.m
  workload = workload.w
  gpu_type = "H100"
  users    = 2
  trials   = 1
  matrix {
    provider = [provider.simulator.good, provider.simulator.bad]
  }
}
`

// TestNoResultLacksTheWord runs a suite on simulated servers and looks into everything that it leaves and prints.
func TestNoResultLacksTheWord(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "suite.hcl")
	if err := os.WriteFile(path, []byte(simulatedSuite), 0o644); err != nil {
		t.Fatal(err)
	}
	has := func(what, text string) {
		t.Helper()
		if !strings.Contains(strings.ToLower(text), "simulated") {
			t.Errorf("%s does not say simulated:\n%.2000s", what, text)
		}
	}
	runs := filepath.Join(dir, "runs")
	code, out, talk := command("run", "-dir", runs, path)
	if code != ExitCells {
		t.Fatalf("exit code %d\n%s", code, talk)
	}
	has("run's table", out)
	for _, format := range []string{"", "md", "csv", "json"} {
		_, out, _ := command("report", "-dir", runs, "-format", format)
		has("report -format "+format, out)
	}

	latest := filepath.Join(runs, "latest")
	reports := 0
	err := filepath.WalkDir(latest+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(latest, path)
		if strings.HasPrefix(name, "suite"+string(filepath.Separator)) {
			return nil // what was asked for
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		has(name, string(text))
		reports++
		return nil
	})
	if err != nil || reports < 15 {
		t.Errorf("%d files of the run, %v", reports, err)
	}
	checkMeta[table.Request](t, latest, "requests")
	checkMeta[table.Chunk](t, latest, "chunks")
	checkMeta[table.Power](t, latest, "power")

	results, err := result.Read(filepath.Join(latest, "report", "results.json"))
	if err != nil || !results.Simulated || len(results.Cells) != 2 {
		t.Fatalf("results of %d cells, simulated %v, %v", len(results.Cells), results.Simulated, err)
	}
	for _, c := range results.Cells {
		if !c.Simulated {
			t.Errorf("%s (%s) is not simulated", c.Cell, c.Status)
		}
	}
	checkSeedForm(t, filepath.Join(latest, "report", "benchmark_gpu_users_results.json"))

	// A run that measures nothing says it, too.
	_, out, _ = command("run", "-dir", runs, "-target", "load.b[**/simulator.good/**]", path)
	has("table of a run that uses everything again", out)
	events, err := os.ReadFile(filepath.Join(latest, "events.jsonl"))
	if err != nil || bytes.Contains(events, []byte("resource_created")) {
		t.Fatalf("it deployed again: %v", err)
	}
	has("its events", string(events))
}

func checkMeta[R any](t *testing.T, run, name string) {
	t.Helper()
	_, meta, err := table.Read[R](filepath.Join(run, "tables", name+".parquet"))
	if err != nil || meta["simulated"] != "true" {
		t.Errorf("%s.parquet: metadata %v, %v", name, meta, err)
	}
}

// checkSeedForm looks at the results in the form of the Python scripts.
func checkSeedForm(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	if err := json.Unmarshal(text, &rows); err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		if row["simulated"] != true {
			t.Errorf("%v does not say that it is simulated", row)
		}
	}
}
