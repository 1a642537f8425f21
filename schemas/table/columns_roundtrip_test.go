package table_test

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/table/tabletest"
)

var cellColumns = []table.Column{
	{Name: "zeta", Type: table.String, Doc: "first, although not in the alphabet"},
	{Name: "flags", Type: table.StringList, Doc: "what is odd", Nullable: true},
	{Name: "ttft_p99", Type: table.Float64, Unit: "s", Doc: "time to first token", Nullable: true},
	{Name: "gpus", Type: table.Int32, Unit: "GPUs"},
	{Name: "tokens", Type: table.Int64, Unit: "tokens", Nullable: true},
	{Name: "valid", Type: table.Bool, Nullable: true},
	{Name: "note", Type: table.String, Nullable: true},
}

func TestColumnsRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cells.parquet")
	given := []map[string]any{
		{"zeta": "a", "flags": []string{"slo", "drift"}, "ttft_p99": 0.25, "gpus": 2, "tokens": int64(math.MaxInt64), "valid": true, "note": "é"},
		{"zeta": "b", "flags": []string{}, "ttft_p99": math.NaN(), "gpus": int32(math.MinInt32), "tokens": 7, "valid": false, "note": ""},
		{"zeta": "", "ttft_p99": math.Inf(-1), "gpus": int64(0), "note": nil},
	}
	want := []map[string]any{
		{"zeta": "a", "flags": []string{"slo", "drift"}, "ttft_p99": 0.25, "gpus": int32(2), "tokens": int64(math.MaxInt64), "valid": true, "note": "é"},
		{"zeta": "b", "flags": []string{}, "ttft_p99": nil, "gpus": int32(math.MinInt32), "tokens": int64(7), "valid": false, "note": ""},
		{"zeta": "", "flags": nil, "ttft_p99": nil, "gpus": int32(0), "tokens": nil, "valid": nil, "note": nil},
	}
	if err := table.WriteColumns(path, "cells", 4, cellColumns, given, table.Meta{"metrics_def": "1"}); err != nil {
		t.Fatal(err)
	}
	got := tabletest.Read(t, path)
	if diff := cmp.Diff(cellColumns, got.Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(table.Meta{"metrics_def": "1", table.MetaTable: "cells", table.MetaVersion: "4"}, got.Meta); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

// What was read can be written again, whatever identity its metadata states.
func TestColumnsCanBeCopied(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "1"), filepath.Join(dir, "2")
	rows := []map[string]any{{"zeta": "a", "gpus": 1}, {"zeta": "b", "gpus": 2}}
	if err := table.WriteColumns(first, "cells", 1, cellColumns, rows, table.Meta{table.MetaTable: "a lie"}); err != nil {
		t.Fatal(err)
	}
	read := tabletest.Read(t, first)
	if err := table.WriteColumns(second, read.Meta[table.MetaTable], 1, read.Columns, read.Rows, read.Meta); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(read, tabletest.Read(t, second)); diff != "" || read.Meta[table.MetaTable] != "cells" || len(read.Rows) != 2 {
		t.Errorf("%d rows of %v (-first +second):\n%s", len(read.Rows), read.Meta, diff)
	}
}

func TestColumnsOfAFixedTableCanBeRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chunks.parquet")
	var written []table.Chunk
	for i := range 9000 {
		written = append(written, table.Chunk{Cell: "c", T: int64(i)})
	}
	if err := table.Write(path, written, nil); err != nil {
		t.Fatal(err)
	}
	got := tabletest.Read(t, path)
	if diff := cmp.Diff(table.Columns[table.Chunk](), got.Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if n := len(got.Rows); n != 9000 || got.Rows[n-1]["t_ns"] != int64(8999) || got.Meta[table.MetaTable] != "chunks" {
		t.Errorf("%d rows, the last %v, of table %s", n, got.Rows[n-1], got.Meta[table.MetaTable])
	}
}

func TestNoRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cells.parquet")
	if err := table.WriteColumns(path, "cells", 1, cellColumns, nil, nil); err != nil {
		t.Fatal(err)
	}
	got := tabletest.Read(t, path)
	if len(got.Rows) != 0 {
		t.Fatalf("%d rows", len(got.Rows))
	}
	if diff := cmp.Diff(cellColumns, got.Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}
