package table

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// span is where one field of consecutive rows lies in memory: n values, each stride bytes after the one before. Rows are
// moved a column at a time through spans because reflection or an interface for each value costs more than all
// the rest of a batch. This file holds all of the package's unsafe code; a span is made in spanOf alone, from a live
// slice of rows and the offset of a field whose type layoutOf has checked.
type span struct {
	first  unsafe.Pointer
	stride uintptr
	n      int
}

func spanOf[R any](rows []R, offset uintptr) span {
	return span{unsafe.Add(unsafe.Pointer(unsafe.SliceData(rows)), offset), unsafe.Sizeof(*new(R)), len(rows)}
}

// at points to the i-th value of a span of fields of type T.
func at[T any](s span, i int) *T { return (*T)(unsafe.Add(s.first, uintptr(i)*s.stride)) }

// mover moves one field of many rows to and from Arrow. It keeps buffers, so each encoder and decoder has its own.
type mover interface {
	encode(b array.Builder, from span)
	decode(a arrow.Array, to span)
}

// builder and values are what the arrays of all our types have in common.
type (
	builder[T any] interface {
		array.Builder
		AppendValues(v []T, valid []bool)
	}
	values[T any] interface {
		arrow.Array
		Value(i int) T
	}
)

// conv is what a value needs on its way besides being copied; nil: nothing.
type conv[T any] struct {
	in  func(T) T // into Arrow
	out func(T) T // out of Arrow, whose memory is gone after the batch
}

// required moves a field of type T.
type required[T any, B builder[T], A values[T]] struct {
	conv conv[T]
	buf  []T
}

func (m *required[T, B, A]) encode(b array.Builder, from span) {
	m.buf = m.buf[:0]
	for i := range from.n {
		m.buf = append(m.buf, *at[T](from, i))
	}
	if m.conv.in != nil {
		for i, v := range m.buf {
			m.buf[i] = m.conv.in(v)
		}
	}
	b.(B).AppendValues(m.buf, nil)
}

func (m *required[T, B, A]) decode(a arrow.Array, to span) {
	typed := a.(A)
	for i := range to.n {
		v := typed.Value(i)
		if m.conv.out != nil {
			v = m.conv.out(v)
		}
		*at[T](to, i) = v
	}
}

// nullable moves a field of type *T.
type nullable[T any, B builder[T], A values[T]] struct {
	conv  conv[T]
	buf   []T
	valid []bool
}

func (m *nullable[T, B, A]) encode(b array.Builder, from span) {
	m.buf, m.valid = m.buf[:0], m.valid[:0]
	for i := range from.n {
		var v T
		p := *at[*T](from, i)
		if p != nil {
			v = *p
			if m.conv.in != nil {
				v = m.conv.in(v)
			}
		}
		m.buf, m.valid = append(m.buf, v), append(m.valid, p != nil)
	}
	b.(B).AppendValues(m.buf, m.valid)
}

// decode gives all values of a batch one allocation: they are kept or dropped together with its rows anyway.
func (m *nullable[T, B, A]) decode(a arrow.Array, to span) {
	typed := a.(A)
	held := make([]T, to.n-a.NullN())
	for i := range to.n {
		if a.IsNull(i) {
			*at[*T](to, i) = nil
			continue
		}
		v := typed.Value(i)
		if m.conv.out != nil {
			v = m.conv.out(v)
		}
		held[0] = v
		*at[*T](to, i) = &held[0]
		held = held[1:]
	}
}

// pick makes the mover of a field of type T or *T.
func pick[T any, B builder[T], A values[T]](null bool, c conv[T]) mover {
	if null {
		return &nullable[T, B, A]{conv: c}
	}
	return &required[T, B, A]{conv: c}
}

// newMover makes the mover of a field. dict says that its strings repeat.
func newMover(t Type, null, dict bool) mover {
	switch t {
	case String:
		return pick[string, *array.StringBuilder, *array.String](null, conv[string]{in: validText, out: owned(dict)})
	case Int32:
		return pick[int32, *array.Int32Builder, *array.Int32](null, conv[int32]{})
	case Int64:
		return pick[int64, *array.Int64Builder, *array.Int64](null, conv[int64]{})
	case Float64:
		return pick[float64, *array.Float64Builder, *array.Float64](null, conv[float64]{})
	case Bool:
		return pick[bool, *array.BooleanBuilder, *array.Boolean](null, conv[bool]{})
	}
	panic("table: no field of a row has type " + t.String())
}

// fieldType is the column type of a field of a row; a pointer is a nullable column.
func fieldType(t reflect.Type) (ct Type, null bool, err error) {
	if t.Kind() == reflect.Pointer {
		t, null = t.Elem(), true
	}
	// Types and not kinds are compared: a named type would need its own instance of the movers.
	switch t {
	case reflect.TypeFor[string]():
		return String, null, nil
	case reflect.TypeFor[int32]():
		return Int32, null, nil
	case reflect.TypeFor[int64]():
		return Int64, null, nil
	case reflect.TypeFor[float64]():
		return Float64, null, nil
	case reflect.TypeFor[bool]():
		return Bool, null, nil
	}
	return 0, false, fmt.Errorf("type %s: want string, int32, int64, float64, bool or a pointer to one", t)
}

// validText replaces bytes that are not UTF-8. Text of a server's reply ends up in columns, and other readers of
// Parquet refuse a whole file for one bad byte.
func validText(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// maxInterned bounds what an interner remembers; a column with more distinct values gains nothing from it.
const maxInterned = 1024

// owned returns what copies a string out of Arrow's memory: for a column whose values repeat, one copy for all that
// are equal.
func owned(repeats bool) func(string) string {
	if !repeats {
		return strings.Clone
	}
	var last string
	seen := map[string]string{}
	return func(s string) string {
		if s == last {
			return last
		}
		own, ok := seen[s]
		if !ok {
			own = strings.Clone(s)
			if len(seen) < maxInterned {
				seen[own] = own
			}
		}
		last = own
		return own
	}
}
