package table

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// WriteColumns writes a table whose columns are only known at run time as the Parquet file at path, which appears there
// whole or not at all. The file is of the named table in that version, its columns are in the order of cols. A row
// maps names of columns to values of their types (Type says which); an int is taken for Int32 and Int64 too. A key that is
// absent, nil, NaN or an infinity is null: a mean of nothing has no value, and not every reader knows NaN. It is an
// error if a column that is not nullable would get a null, or if a row has a key that is no column.
func WriteColumns(path string, name string, version int, cols []Column, rows []map[string]any, meta Meta) error {
	return writeColumns(path, identity{name, version}, cols, rows, meta, memory.NewGoAllocator())
}

func writeColumns(path string, id identity, cols []Column, rows []map[string]any, meta Meta, mem memory.Allocator) error {
	if err := checkColumns(id, cols, rows); err != nil {
		return durable.Error("write", path, err)
	}
	s := schema(cols, id.meta(meta))
	b := array.NewRecordBuilder(mem, s)
	defer b.Release()
	for i, c := range cols {
		for r, row := range rows {
			if err := appendValue(b.Field(i), c, row[c.Name]); err != nil {
				return durable.Error("write", path, fmt.Errorf("row %d: column %q: %w", r, c.Name, err))
			}
		}
	}
	batch := b.NewRecordBatch()
	defer batch.Release()

	f, err := durable.Create(path)
	if err != nil {
		return durable.Error("write", path, err)
	}
	out, err := newParquetFile(f, s, textColumns(cols), mem)
	if err != nil {
		return durable.Error("write", path, err)
	}
	if err := out.write(batch); err != nil {
		out.discard()
		return durable.Error("write", path, err)
	}
	return durable.Error("write", path, out.publish())
}

// checkColumns finds what would make a file that cannot be read back.
func checkColumns(id identity, cols []Column, rows []map[string]any) error {
	if id.name == "" || id.version < 1 {
		return fmt.Errorf("table %q version %d: want a name and a version from 1", id.name, id.version)
	}
	if len(cols) == 0 {
		return errors.New("a table without columns: give at least one")
	}
	known := map[string]bool{}
	for _, c := range cols {
		switch {
		case c.Name == "":
			return errors.New("a column without a name: give it one")
		case known[c.Name]:
			return fmt.Errorf("two columns named %q: rename one", c.Name)
		case c.Type < String || c.Type > StringList:
			return fmt.Errorf("column %q: no such type: %v", c.Name, c.Type)
		}
		known[c.Name] = true
	}
	for i, row := range rows {
		for _, key := range slices.Sorted(maps.Keys(row)) {
			if !known[key] {
				return fmt.Errorf("row %d: value of %q, which is no column: add the column or drop the value", i, key)
			}
		}
	}
	return nil
}

// textColumns names the columns of text, which hold few distinct values in tables of this sort.
func textColumns(cols []Column) []string {
	var names []string
	for _, c := range cols {
		switch c.Type {
		case String:
			names = append(names, c.Name)
		case StringList:
			names = append(names, c.Name+".list.element") // the Parquet path of the strings in it
		}
	}
	return names
}

// appendValue appends one value to a column.
func appendValue(b array.Builder, c Column, v any) error {
	if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) && c.Type == Float64 {
		v = nil
	}
	if v == nil {
		if !c.Nullable {
			return errors.New("no value, and the column is not nullable: give one, or make it nullable")
		}
		b.AppendNull()
		return nil
	}
	n, integral := integer(v)
	switch b := b.(type) {
	case *array.StringBuilder:
		if s, ok := v.(string); ok {
			b.Append(validText(s))
			return nil
		}
	case *array.Float64Builder:
		if f, ok := v.(float64); ok {
			b.Append(f)
			return nil
		}
	case *array.BooleanBuilder:
		if t, ok := v.(bool); ok {
			b.Append(t)
			return nil
		}
	case *array.Int64Builder:
		if integral {
			b.Append(n)
			return nil
		}
	case *array.Int32Builder:
		if integral && n == int64(int32(n)) {
			b.Append(int32(n))
			return nil
		}
	case *array.ListBuilder:
		if list, ok := v.([]string); ok {
			b.Append(true)
			for _, s := range list {
				b.ValueBuilder().(*array.StringBuilder).Append(validText(s))
			}
			return nil
		}
	}
	return fmt.Errorf("a value of Go type %T (%v), want %s", v, v, c.Type)
}

// integer is the value of any of the integers that WriteColumns takes.
func integer(v any) (n int64, ok bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int32:
		return int64(v), true
	case int64:
		return v, true
	}
	return 0, false
}
