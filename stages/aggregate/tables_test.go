package aggregate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/table/tabletest"
	"github.com/strangeloopio/inferencex/stages/aggregate"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

func TestTablesAreMergedUnderThePlansAddresses(t *testing.T) {
	task := newTask(t)
	run(t, task)
	at := func(name string) string { return filepath.Join(task.Dir, "tables", name) }
	requests, meta, err := table.Read[table.Request](at("requests.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	chunks, _, err := table.Read[table.Chunk](at("chunks.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	power, _, err := table.Read[table.Power](at("power.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if len(requests) != 4*(16+16+4) || len(chunks) != 2*len(requests) || len(power) != 2*2*61 {
		t.Errorf("%d requests, %d chunks, %d readings", len(requests), len(chunks), len(power))
	}
	if requests[0].Cell != cellConfig(16, 1).Load.String() || requests[64].Cell != cellConfig(16, 2).Load.String() || power[0].Cell != requests[0].Cell || chunks[0].Cell != requests[0].Cell {
		t.Errorf("cells are %q, %q, %q, %q", requests[0].Cell, requests[64].Cell, power[0].Cell, chunks[0].Cell)
	}
	if meta["suite"] != "demo" || meta["simulated"] != "true" || meta["metrics_def"] != "2" {
		t.Errorf("the file says of itself %v", meta)
	}
}

func TestCellsTableHasTheResults(t *testing.T) {
	task := newTask(t)
	results := run(t, task)
	written := tabletest.Read(t, filepath.Join(task.Dir, "tables", "cells.parquet"))
	columns, rows, meta := written.Columns, written.Rows, written.Meta
	if len(rows) != len(results.Cells) || meta["table"] != "cells" || meta["simulated"] != "true" {
		t.Fatalf("%d rows, %v", len(rows), meta)
	}
	for i, want := range result.Columns(results.Metrics) {
		if columns[i].Name != want.Name || columns[i].Unit != want.Unit || columns[i].Doc != want.Doc {
			t.Errorf("column %d is %+v, want %s", i, columns[i], want.Name)
		}
		for j, cell := range results.Cells {
			if diff := cmp.Diff(want.Value(cell), rows[j][want.Name]); diff != "" {
				t.Errorf("row %d, %s: %s", j, want.Name, diff)
			}
		}
	}
}

func TestALoadWithoutChunksIsMeasuredWithoutThem(t *testing.T) {
	task := newTask(t)
	if err := os.Remove(filepath.Join(task.Inputs[0].Dir, measured.ChunksFile)); err != nil {
		t.Fatal(err)
	}
	cell := run(t, task).Cells[0]
	_, gaps := cell.Value("icl_p50_s")
	if _, ok := cell.Value("ttft_p50_s"); !ok || gaps {
		t.Errorf("ttft is there: %v; icl is there: %v", ok, gaps)
	}
}

func TestDamagedInputs(t *testing.T) {
	cases := []struct {
		name   string
		damage func(stage.Task) error
		want   string
	}{
		{"no requests", func(task stage.Task) error {
			return os.Remove(filepath.Join(task.Inputs[0].Dir, measured.RequestsFile))
		}, "requests.parquet"},
		{"power without its file", func(task stage.Task) error {
			return os.Remove(filepath.Join(task.Inputs[1].Dir, measured.PowerFile))
		}, "power.json"},
		{"a broken load.json", func(task stage.Task) error {
			return os.WriteFile(filepath.Join(task.Inputs[0].Dir, measured.LoadFile), []byte("{"), 0o644)
		}, "load.json"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			task := newTask(t)
			if err := c.damage(task); err != nil {
				t.Fatal(err)
			}
			err := aggregate.New().Run(t.Context(), stage.Env{Now: time.Now}, task)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "16u/1024x256/t1") {
				t.Errorf("error %v does not name %s and its cell", err, c.want)
			}
			if left, _ := filepath.Glob(filepath.Join(task.Dir, "tables", "*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
