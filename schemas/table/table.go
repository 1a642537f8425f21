// Package table is what comes out of a run: the rows of its tables, the unit and description of each column, and the
// files that hold them.
//
// A load appends rows to a Journal, an Arrow IPC stream of which every whole batch survives a crash, and seals it into
// Parquet when it ends. Results that are computed afterwards are written as Parquet at once, with Write for rows of a
// fixed type and WriteColumns for a table whose columns are only known at run time.
//
// The package's one invariant: what a reader is given is what a writer was given. A Parquet file appears under its name
// whole or not at all, a journal is read up to the first batch that is not whole, and a file that is damaged, of
// another table or of a newer version is an error that names the file and says what to do, never rows that are wrong.
//
// It is the only package that imports arrow-go.
package table

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
)

// Meta is what a file says about itself beside its columns, such as the version of the metric definitions. A writer sets
// MetaTable and MetaVersion itself, whatever it is given; a reader gives them back with the rest, so that the Meta of
// one file can be passed on to the next.
type Meta map[string]string

// The keys of Meta that every file has.
const (
	MetaTable   = "table"          // the table's name: requests, chunks, power, …
	MetaVersion = "schema_version" // the version of its columns, from 1
)

// Type is the type of a column.
type Type int

// The types of columns. In the maps of WriteColumns they are Go's string, int32, int64, float64, bool
// and []string.
const (
	String Type = iota
	Int32
	Int64
	Float64
	Bool
	StringList
)

// String is the type's name in Go.
func (t Type) String() string {
	switch t {
	case String:
		return "string"
	case Int32:
		return "int32"
	case Int64:
		return "int64"
	case Float64:
		return "float64"
	case Bool:
		return "bool"
	case StringList:
		return "[]string"
	}
	return "Type(" + strconv.Itoa(int(t)) + ")"
}

// Column describes one column of a table. Unit is empty where there is none; a nullable column may lack a value.
type Column struct {
	Name      string
	Type      Type
	Unit, Doc string
	Nullable  bool
}

// Columns returns the columns of the rows of type R, in the order of its fields.
func Columns[R any]() []Column {
	layout := layoutOf[R]()
	columns := make([]Column, len(layout.fields))
	for i, f := range layout.fields {
		columns[i] = f.Column
	}
	return columns
}

// The keys of the metadata of a column.
const (
	columnUnit = "unit"
	columnDoc  = "doc"
)

// arrow is the type as Arrow knows it.
func (t Type) arrow() arrow.DataType {
	switch t {
	case String:
		return arrow.BinaryTypes.String
	case Int32:
		return arrow.PrimitiveTypes.Int32
	case Int64:
		return arrow.PrimitiveTypes.Int64
	case Float64:
		return arrow.PrimitiveTypes.Float64
	case Bool:
		return arrow.FixedWidthTypes.Boolean
	case StringList:
		// Parquet calls what a list holds element, where Arrow says item; one name keeps the two schemas of a file alike.
		return arrow.ListOfField(arrow.Field{Name: "element", Type: arrow.BinaryTypes.String, Nullable: true})
	}
	panic("table: no such column type: " + t.String())
}

// identity names a table and the version of its columns.
type identity struct {
	name    string
	version int
}

// meta is given with the identity in it.
func (id identity) meta(given Meta) Meta {
	m := maps.Clone(given)
	if m == nil {
		m = Meta{}
	}
	m[MetaTable], m[MetaVersion] = id.name, strconv.Itoa(id.version)
	return m
}

// check says why a file that describes itself with found cannot be read as this table.
func (id identity) check(found Meta) error {
	got, err := identityOf(found)
	switch {
	case err != nil:
		return err
	case got.name != id.name:
		return fmt.Errorf("holds the %s table, not %s: give the file of the %s table", got.name, id.name, id.name)
	case got.version > id.version:
		return fmt.Errorf("has version %d of the %s table, and this inferencex reads up to %d: read it with the inferencex that wrote it, or a newer one",
			got.version, id.name, id.version)
	}
	return nil
}

// identityOf reads the identity that a file's metadata states.
func identityOf(found Meta) (identity, error) {
	name, ok := found[MetaTable]
	if !ok {
		return identity{}, errors.New("was not written by inferencex: its metadata names no table; give a file of a run directory")
	}
	version, err := strconv.Atoi(found[MetaVersion])
	if err != nil || version < 1 {
		return identity{}, fmt.Errorf("holds the %s table with %s %q, which is no version: the file is damaged, make it again",
			name, MetaVersion, found[MetaVersion])
	}
	return identity{name, version}, nil
}

// schema is the Arrow schema of a table: unit and doc with each column, meta with the whole, keys sorted so that equal
// tables are equal files.
func schema(columns []Column, meta Meta) *arrow.Schema {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{
			Name: c.Name, Type: c.Type.arrow(), Nullable: c.Nullable,
			Metadata: arrow.NewMetadata([]string{columnUnit, columnDoc}, []string{c.Unit, c.Doc}),
		}
	}
	keys := slices.Sorted(maps.Keys(meta))
	values := make([]string, len(keys))
	for i, k := range keys {
		values[i] = meta[k]
	}
	m := arrow.NewMetadata(keys, values)
	return arrow.NewSchema(fields, &m)
}
