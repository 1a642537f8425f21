// Package tabletest reads Parquet files of any table for tests, without the code that wrote them.
//
// Invariant: it reads as any other program with an Arrow library would, so that what a test finds in a file is what users find.
package tabletest

import (
	"context"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/strangeloopio/inferencex/schemas/table"
)

// Table is a whole file.
type Table struct {
	Columns []table.Column   // in the file's order
	Rows    []map[string]any // a key for each column; nil: null
	Meta    table.Meta
}

// Read reads the Parquet file at path.
func Read(t testing.TB, path string) Table {
	t.Helper()
	in, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	got := Table{Meta: table.Meta{}, Rows: []map[string]any{}}
	for _, kv := range in.MetaData().KeyValueMetadata() {
		if kv.Key != "ARROW:schema" { // what Arrow keeps there for itself
			got.Meta[kv.Key] = kv.GetValue()
		}
	}
	reader, err := pqarrow.NewFileReader(in, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := reader.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Release()
	for _, f := range whole.Schema().Fields() {
		unit, _ := f.Metadata.GetValue("unit")
		doc, _ := f.Metadata.GetValue("doc")
		got.Columns = append(got.Columns, table.Column{Name: f.Name, Type: typeOf(t, f), Unit: unit, Doc: doc, Nullable: f.Nullable})
	}
	batches := array.NewTableReader(whole, 0)
	defer batches.Release()
	for batches.Next() {
		got.add(t, batches.RecordBatch())
	}
	return got
}

func (got *Table) add(t testing.TB, batch arrow.RecordBatch) {
	t.Helper()
	for r := range int(batch.NumRows()) {
		row := make(map[string]any, len(got.Columns))
		for i, c := range got.Columns {
			row[c.Name] = valueAt(t, batch.Column(i), r)
		}
		got.Rows = append(got.Rows, row)
	}
}

func typeOf(t testing.TB, f arrow.Field) table.Type {
	t.Helper()
	types := map[arrow.Type]table.Type{
		arrow.STRING: table.String, arrow.INT32: table.Int32, arrow.INT64: table.Int64, arrow.FLOAT64: table.Float64,
		arrow.BOOL: table.Bool, arrow.LIST: table.StringList,
	}
	known, ok := types[f.Type.ID()]
	if !ok {
		t.Fatalf("column %s has type %s, which no table has", f.Name, f.Type)
	}
	return known
}

// valueAt is the i-th value of a column, in memory of its own.
func valueAt(t testing.TB, column arrow.Array, i int) any {
	t.Helper()
	if column.IsNull(i) {
		return nil
	}
	switch a := column.(type) {
	case *array.String:
		return strings.Clone(a.Value(i))
	case *array.Int32:
		return a.Value(i)
	case *array.Int64:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.Boolean:
		return a.Value(i)
	case *array.List:
		from, to := a.ValueOffsets(i)
		list := make([]string, 0, to-from)
		for k := from; k < to; k++ {
			text, _ := valueAt(t, a.ListValues(), int(k)).(string)
			list = append(list, text)
		}
		return list
	}
	t.Fatalf("no value of a column of type %s", column.DataType())
	return nil
}
