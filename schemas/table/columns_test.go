package table

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// What a write takes of memory it gives back.
func TestWriteColumnsLeaksNothing(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	columns := []Column{{Name: "a", Type: String}, {Name: "b", Type: StringList, Nullable: true}}
	rows := []map[string]any{{"a": "x", "b": []string{"y", "z"}}, {"a": "w"}}
	if err := writeColumns(filepath.Join(t.TempDir(), "cells.parquet"), identity{"cells", 4}, columns, rows, nil, mem); err != nil {
		t.Fatal(err)
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
