package table

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// layout is a row type seen as a table: read from its tags by reflection once for each file that is opened, so that rows
// themselves are moved without.
type layout struct {
	identity
	fields []field
}

// field is one field of a row type.
type field struct {
	Column
	dict   bool
	offset uintptr
}

// layoutOf reads the layout of R. A type that is no row is a mistake in this program, so it panics.
func layoutOf[R any]() layout {
	row, ok := any(*new(R)).(interface{ identity() identity })
	if !ok {
		panic(fmt.Sprintf("table: %T is no row of a table: it has no identity", *new(R)))
	}
	l := layout{identity: row.identity()}
	for _, sf := range reflect.VisibleFields(reflect.TypeFor[R]()) {
		t, null, err := fieldType(sf.Type)
		name := sf.Tag.Get("col")
		if err == nil && name == "" {
			err = errors.New("has no col tag")
		}
		if err != nil {
			panic(fmt.Sprintf("table: %T.%s: %v", *new(R), sf.Name, err))
		}
		l.fields = append(l.fields, field{
			Column: Column{Name: name, Type: t, Unit: sf.Tag.Get("unit"), Doc: sf.Tag.Get("doc"), Nullable: null},
			dict:   sf.Tag.Get("dict") == "true",
			offset: sf.Offset,
		})
	}
	return l
}

// dictionaries names the columns of few distinct values.
func (l layout) dictionaries() []string {
	var names []string
	for _, f := range l.fields {
		if f.dict {
			names = append(names, f.Name)
		}
	}
	return names
}

// movers makes a mover for each field.
func (l layout) movers() []mover {
	movers := make([]mover, len(l.fields))
	for i, f := range l.fields {
		movers[i] = newMover(f.Type, f.Nullable, f.dict)
	}
	return movers
}

// encoder makes Arrow batches of rows.
type encoder[R any] struct {
	layout  layout
	schema  *arrow.Schema
	movers  []mover
	builder *array.RecordBuilder
}

func newEncoder[R any](meta Meta, mem memory.Allocator) *encoder[R] {
	l := layoutOf[R]()
	s := schema(Columns[R](), l.meta(meta))
	return &encoder[R]{layout: l, schema: s, movers: l.movers(), builder: array.NewRecordBuilder(mem, s)}
}

// encode makes a batch of rows, which the caller releases.
func (e *encoder[R]) encode(rows []R) arrow.RecordBatch {
	for i, f := range e.layout.fields {
		e.movers[i].encode(e.builder.Field(i), spanOf(rows, f.offset))
	}
	return e.builder.NewRecordBatch()
}

func (e *encoder[R]) release() { e.builder.Release() }

// decoder makes rows of Arrow batches of one file.
type decoder[R any] struct {
	layout layout
	movers []mover
	index  []int // where each field's column is in a batch; -1: the file lacks it
	rows   []R
}

// newDecoder makes the decoder of a file with schema s. Columns that R does not have are passed over, a nullable one that
// the file lacks is read as null.
func newDecoder[R any](s *arrow.Schema) (*decoder[R], error) {
	l := layoutOf[R]()
	d := &decoder[R]{layout: l, movers: l.movers(), index: make([]int, len(l.fields))}
	for i, f := range l.fields {
		found := s.FieldIndices(f.Name)
		switch {
		case len(found) > 1:
			return nil, fmt.Errorf("has %d columns named %q: make the file again", len(found), f.Name)
		case len(found) == 0 && !f.Nullable:
			return nil, fmt.Errorf("lacks the column %q of the %s table: make the file again, or read it with the inferencex that wrote it", f.Name, l.name)
		case len(found) == 0:
			d.index[i] = -1
			continue
		}
		d.index[i] = found[0]
		if got := s.Field(found[0]).Type; !arrow.TypeEqual(got, f.Type.arrow()) {
			return nil, fmt.Errorf("has the column %q as %s, not %s: make the file again, or read it with the inferencex that wrote it", f.Name, got, f.Type)
		}
	}
	return d, nil
}

// decode returns the rows of a batch. The slice is used again by the next call; strings and pointers in it are not.
func (d *decoder[R]) decode(batch arrow.RecordBatch) (rows []R, err error) {
	defer asError(&err)
	n := int(batch.NumRows())
	if cap(d.rows) < n {
		d.rows = make([]R, n)
	}
	rows = d.rows[:n]
	clear(rows)
	for i, f := range d.layout.fields {
		if d.index[i] < 0 {
			continue
		}
		column := batch.Column(d.index[i])
		if column.NullN() > 0 && !f.Nullable {
			return nil, fmt.Errorf("has a null in the column %q, which must have a value in each row: make the file again", f.Name)
		}
		d.movers[i].decode(column, spanOf(rows, f.offset))
	}
	return rows, nil
}

// next returns the next batch of a file, valid until the next call, and nil after the last.
func next(r array.RecordReader) (batch arrow.RecordBatch, err error) {
	defer asError(&err)
	if r.Next() {
		return r.RecordBatch(), nil
	}
	if err := r.Err(); err != nil {
		return nil, damaged(err)
	}
	return nil, nil
}

// asError makes an error of a panic. arrow-go trusts the lengths and offsets in a file, and a damaged one drives it out of
// bounds; so each step that decodes bytes of a file, and nothing of a caller, runs under it.
func asError(err *error) {
	if p := recover(); p != nil {
		*err = damaged(fmt.Errorf("%v", p))
	}
}
