package block

import (
	"time"

	"github.com/zclconf/go-cty/cty"
)

// Has says whether a decoded object has a value for an argument.
func Has(v cty.Value, name string) bool {
	_, ok := get(v, name)
	return ok
}

// get is an argument's value without marks, and false if there is none to read.
func get(v cty.Value, name string) (cty.Value, bool) {
	v, _ = v.Unmark()
	if !v.IsKnown() || v.IsNull() || !v.Type().IsObjectType() || !v.Type().HasAttribute(name) {
		return cty.NilVal, false
	}
	a, _ := v.GetAttr(name).UnmarkDeep()
	return a, a.IsWhollyKnown() && !a.IsNull()
}

// String reads a string, empty if there is none.
func String(v cty.Value, name string) string {
	if a, ok := get(v, name); ok {
		return a.AsString()
	}
	return ""
}

// Float reads a number, 0 if there is none.
func Float(v cty.Value, name string) float64 {
	if a, ok := get(v, name); ok {
		f, _ := a.AsBigFloat().Float64()
		return f
	}
	return 0
}

// Int reads a number that Whole has checked, 0 if there is none.
func Int(v cty.Value, name string) int {
	if a, ok := get(v, name); ok {
		n, _ := a.AsBigFloat().Int64()
		return int(n)
	}
	return 0
}

// Bool reads a bool, false if there is none.
func Bool(v cty.Value, name string) bool {
	a, ok := get(v, name)
	return ok && a.True()
}

// Time reads an argument whose Format is Duration, 0 if there is none.
func Time(v cty.Value, name string) time.Duration {
	d, _ := ParseDuration(String(v, name))
	return d
}

// Strings reads a list or set of strings, nil if there is none.
func Strings(v cty.Value, name string) []string {
	a, ok := get(v, name)
	if !ok {
		return nil
	}
	var out []string
	for it := a.ElementIterator(); it.Next(); {
		if _, e := it.Element(); !e.IsNull() {
			out = append(out, e.AsString())
		}
	}
	return out
}

// StringMap reads a map of strings without its null elements, nil if there is none.
func StringMap(v cty.Value, name string) map[string]string {
	a, ok := get(v, name)
	if !ok {
		return nil
	}
	out := map[string]string{}
	for it := a.ElementIterator(); it.Next(); {
		if k, e := it.Element(); !e.IsNull() {
			out[k.AsString()] = e.AsString()
		}
	}
	return out
}

// IntMap reads a map of whole numbers without its null elements, nil if there is none.
func IntMap(v cty.Value, name string) map[string]int {
	a, ok := get(v, name)
	if !ok {
		return nil
	}
	out := map[string]int{}
	for it := a.ElementIterator(); it.Next(); {
		if k, e := it.Element(); !e.IsNull() {
			n, _ := e.AsBigFloat().Int64()
			out[k.AsString()] = int(n)
		}
	}
	return out
}

// TextMap reads a map of strings that may be sensitive, without its null elements, nil if there is none.
func TextMap(v cty.Value, name string) map[string]Text {
	if !Has(v, name) {
		return nil
	}
	out := map[string]Text{}
	for it := v.GetAttr(name).ElementIterator(); it.Next(); { // its names are no secrets: no argument takes one that hides them
		if k, e := it.Element(); !e.IsNull() {
			out[k.AsString()] = NewText(e)
		}
	}
	return out
}
