package table

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"
)

var cellColumns = []Column{
	{Name: "zeta", Type: String, Doc: "first, although not in the alphabet"},
	{Name: "flags", Type: StringList, Doc: "what is odd", Nullable: true},
	{Name: "ttft_p99", Type: Float64, Unit: "s", Doc: "time to first token", Nullable: true},
	{Name: "gpus", Type: Int32, Unit: "GPUs"},
	{Name: "tokens", Type: Int64, Unit: "tokens", Nullable: true},
	{Name: "valid", Type: Bool, Nullable: true},
	{Name: "note", Type: String, Nullable: true},
}

func TestColumnsRoundTrip(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
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
	if err := writeColumns(path, identity{"cells", 4}, cellColumns, given, Meta{"metrics_def": "1"}, mem); err != nil {
		t.Fatal(err)
	}
	cols, rows, meta, err := readColumns(path, mem)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cellColumns, cols); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Meta{"metrics_def": "1", MetaTable: "cells", MetaVersion: "4"}, meta); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

// What was read can be written again, whatever identity its metadata states.
func TestColumnsCanBeCopied(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "1"), filepath.Join(dir, "2")
	rows := []map[string]any{{"zeta": "a", "gpus": 1}, {"zeta": "b", "gpus": 2}}
	if err := WriteColumns(first, "cells", 1, cellColumns, rows, Meta{MetaTable: "a lie"}); err != nil {
		t.Fatal(err)
	}
	cols, read, meta, err := ReadColumns(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteColumns(second, meta[MetaTable], 1, cols, read, meta); err != nil {
		t.Fatal(err)
	}
	_, again, againMeta, err := ReadColumns(second)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(read, again); diff != "" {
		t.Errorf("rows (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(meta, againMeta); diff != "" || meta[MetaTable] != "cells" {
		t.Errorf("metadata (-first +second):\n%s", diff)
	}
}

func TestColumnsOfAFixedTableCanBeRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chunks.parquet")
	if err := Write(path, chunks(9000), nil); err != nil {
		t.Fatal(err)
	}
	cols, rows, meta, err := ReadColumns(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Columns[Chunk](), cols); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	if len(rows) != 9000 || rows[8999]["t_ns"] != chunks(9000)[8999].T || meta[MetaTable] != "chunks" {
		t.Errorf("%d rows, the last %v, of table %s", len(rows), rows[len(rows)-1], meta[MetaTable])
	}
}

func TestNoRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cells.parquet")
	if err := WriteColumns(path, "cells", 1, cellColumns, nil, nil); err != nil {
		t.Fatal(err)
	}
	cols, rows, _, err := ReadColumns(path)
	if err != nil || len(rows) != 0 {
		t.Fatalf("%d rows, error %v", len(rows), err)
	}
	if diff := cmp.Diff(cellColumns, cols); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

func TestColumnErrorsSayWhatToDo(t *testing.T) {
	one := func(t Type, null bool) []Column { return []Column{{Name: "a", Type: t, Nullable: null}} }
	row := func(v any) []map[string]any { return []map[string]any{{}, {"a": v}} }
	for _, test := range []struct {
		name    string
		cols    []Column
		rows    []map[string]any
		want    string
		version int
	}{
		{name: "type", cols: one(Int64, true), rows: row("x"), want: `row 1: column "a": a value of Go type string (x), want int64`},
		{name: "float for int", cols: one(Int64, true), rows: row(1.0), want: `row 1: column "a": a value of Go type float64 (1), want int64`},
		{name: "int for float", cols: one(Float64, true), rows: row(1), want: `row 1: column "a": a value of Go type int (1), want float64`},
		{name: "NaN for int", cols: one(Int64, true), rows: row(math.NaN()), want: `row 1: column "a": a value of Go type float64 (NaN), want int64`},
		{name: "too large", cols: one(Int32, true), rows: row(1 << 40), want: `row 1: column "a": a value of Go type int (1099511627776), want int32`},
		{name: "list", cols: one(StringList, true), rows: row("x"), want: `row 1: column "a": a value of Go type string (x), want []string`},
		{name: "null", cols: one(Bool, false), rows: row(true), want: `row 0: column "a": no value, and the column is not nullable: give one, or make it nullable`},
		{name: "NaN", cols: one(Float64, false), rows: row(math.NaN())[1:], want: `row 0: column "a": no value, and the column is not nullable`},
		{name: "unknown key", cols: one(Int64, true), rows: []map[string]any{{"b": 1, "c": 2}}, want: `row 0: value of "b", which is no column: add the column or drop the value`},
		{name: "twice", cols: append(one(Int64, true), one(Bool, true)...), want: `two columns named "a": rename one`},
		{name: "no name", cols: []Column{{}}, want: "a column without a name: give it one"},
		{name: "no columns", want: "a table without columns: give at least one"},
		{name: "no such type", cols: one(Type(9), true), want: `column "a": no such type: Type(9)`},
		{name: "version", cols: one(Int64, true), version: -1, want: `table "cells" version 0: want a name and a version from 1`},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cells.parquet")
			err := WriteColumns(path, "cells", 1+test.version, test.cols, test.rows, nil)
			wantError(t, err, path, "write PATH: "+test.want)
		})
	}
}
