// Package durabletest holds the JSON of a state file to its form, for the tests of its writers and readers.
// Its invariant: a form that Hold passes has every field of its struct, under the names of its golden file,
// and a strict reader reads back what was written.
//
//  1. Fill gives each field a value of its own, so that no field can be forgotten, a new one included.
//  2. The test has the file written, by the function that writes it in a run.
//  3. Hold compares the text with the golden file: a tag that was renamed fails, since files of older runs have
//     the old name.
//  4. Hold decodes the text, refusing names that the struct does not have, and wants what Fill gave.
//
// What no file of this form holds has the tag json:"-".
package durabletest

import (
	"bytes"
	"encoding/json"
	"flag"
	"hash/fnv"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update-forms", false, "write the golden files of state files anew")

// Fill returns a T whose fields all have values that are not zero and, but for true, not those of another
// field. They follow from the fields' names in Go: renaming a tag leaves them as they are. A field of the
// type of one of values has that value: what a type reads back only in some forms needs one.
func Fill[T any](t testing.TB, values ...any) T {
	t.Helper()
	f := filler{t: t, values: map[reflect.Type]reflect.Value{}, used: map[int64]bool{}}
	for _, v := range values {
		f.values[reflect.TypeOf(v)] = reflect.ValueOf(v)
	}
	var filled T
	f.fill(reflect.ValueOf(&filled).Elem(), "")
	return filled
}

type filler struct {
	t      testing.TB
	values map[reflect.Type]reflect.Value
	used   map[int64]bool
}

// fill sets v, which is at a path of field names.
func (f filler) fill(v reflect.Value, path string) {
	f.t.Helper()
	if given, ok := f.values[v.Type()]; ok {
		v.Set(given)
		return
	}
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(f.number(path), 0).UTC()))
		return
	case reflect.TypeFor[json.RawMessage]():
		v.SetBytes([]byte(`"` + path + `"`))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if (field.IsExported() || field.Anonymous) && field.Tag.Get("json") != "-" {
				f.fill(v.Field(i), strings.TrimPrefix(path+"-"+field.Name, "-"))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		f.fill(v.Index(0), path)
	case reflect.Map:
		key, element := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(key, path+"-key")
		f.fill(element, path)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, element)
	case reflect.String:
		v.SetString(path)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(f.number(path))
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(f.number(path)))
	case reflect.Float64:
		v.SetFloat(float64(f.number(path)) + 0.5)
	default:
		f.t.Fatalf("%s is a %s: give Fill a value of that type", path, v.Type())
	}
}

// number is a number that no other path has.
func (f filler) number(path string) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(path)) // which never fails
	n := int64(h.Sum32()%1_000_000) + 1
	for f.used[n] {
		n++
	}
	f.used[n] = true
	return n
}

// Hold fails the test unless text is the content of the golden file, and reads back as want.
func Hold[T any](t testing.TB, golden string, want T, text []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	held, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v; go test -run %s -update-forms writes it", err, t.Name())
	}
	if diff := cmp.Diff(strings.Split(string(held), "\n"), strings.Split(string(text), "\n")); diff != "" {
		t.Errorf("%s (-want +got); files that older runs wrote have the old names:\n%s", golden, diff)
	}
	var got T
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&got); err != nil {
		t.Errorf("%s: %v", golden, err)
	}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%s: read back\n%+v\nwant\n%+v", golden, got, want)
	}
}
