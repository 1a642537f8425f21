package think

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// Expected says in words how a time is written.
const Expected = "a duration such as \"2s\", or one of { exponential = \"2s\" } and { uniform = [\"1s\", \"3s\"] }"

// Doc says what the shapes mean, for the reference of the language.
const Doc = "{ exponential = \"2s\" } has a mean, and is cut to max where that stands beside it; { uniform = [\"1s\", \"3s\"] } has every time between two. " +
	"What is drawn follows from the suite's seed and the trial."

// longest is what a pause, or the mean of pauses, can have.
const longest = 24 * time.Hour

// Check holds a known, plain value against what a time is.
func Check(v cty.Value) error {
	_, err := Decode(v)
	return err
}

// Decode reads a time from a known value that is neither null nor marked. The error says what was found and what to do.
func Decode(v cty.Value) (Time, error) {
	if v.Type() == cty.String {
		d, err := duration(v)
		return Of(d), err
	}
	if !v.CanIterateElements() || !v.Type().IsObjectType() && !v.Type().IsMapType() {
		return Time{}, fmt.Errorf("%s is no time; write %s", block.Noun(v.Type()), Expected)
	}
	attrs := v.AsValueMap()
	maps.DeleteFunc(attrs, func(_ string, v cty.Value) bool { return v.IsNull() })
	exponential, isExponential := attrs[string(Exponential)]
	uniform, isUniform := attrs[string(Uniform)]
	switch {
	case isExponential == isUniform:
		return Time{}, noShape(attrs, isUniform)
	case isUniform:
		if err := only(attrs, string(Uniform)); err != nil {
			return Time{}, err
		}
		return decodeUniform(uniform)
	}
	if err := only(attrs, string(Exponential), "max"); err != nil {
		return Time{}, err
	}
	return decodeExponential(exponential, attrs["max"])
}

// noShape says what is wrong with an object that names no shape, or both.
func noShape(attrs map[string]cty.Value, both bool) error {
	if both {
		return fmt.Errorf("%s and %s exclude each other; write %s", Exponential, Uniform, Expected)
	}
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		if shape := block.Suggest(name, []string{string(Exponential), string(Uniform)}); shape != "" {
			return fmt.Errorf("%q is no shape of a time. Did you mean %q?", name, shape)
		}
	}
	return fmt.Errorf("an object that names no shape is no time; write %s", Expected)
}

// only refuses attributes beside those of a shape, the first of the names.
func only(attrs map[string]cty.Value, names ...string) error {
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("%q has no meaning beside %q%s", name, names[0], block.Hint(name, names[1:]))
		}
	}
	return nil
}

func decodeExponential(mean, most cty.Value) (Time, error) {
	t := Time{Kind: Exponential}
	var err error
	if t.Length, err = duration(mean); err != nil {
		return Time{}, fmt.Errorf("exponential: %w", err)
	}
	if t.Length == 0 {
		return Time{}, errors.New("exponential: a mean of no time; leave think_time out, or give more")
	}
	if most == cty.NilVal {
		return t, nil
	}
	if t.Max, err = duration(most); err != nil {
		return Time{}, fmt.Errorf("max: %w", err)
	}
	if t.Max < t.Length {
		return Time{}, fmt.Errorf("max: %v is less than the mean of %v", t.Max, t.Length)
	}
	return t, nil
}

func decodeUniform(v cty.Value) (Time, error) {
	list, err := convert.Convert(v, cty.List(cty.String))
	if err != nil || list.IsNull() || list.LengthInt() != 2 {
		return Time{}, fmt.Errorf("uniform takes a list of two durations; write %s", Expected)
	}
	var bounds []time.Duration
	for _, element := range list.AsValueSlice() {
		if element.IsNull() {
			return Time{}, errors.New("uniform: one of the two durations is null")
		}
		d, err := duration(element)
		if err != nil {
			return Time{}, fmt.Errorf("uniform: %w", err)
		}
		bounds = append(bounds, d)
	}
	switch lo, hi := bounds[0], bounds[1]; {
	case lo > hi:
		return Time{}, fmt.Errorf("uniform: %v is longer than %v; write the shorter one first", lo, hi)
	case lo == hi:
		return Of(lo), nil
	default:
		return Time{Kind: Uniform, Lo: lo, Hi: hi}, nil
	}
}

func duration(v cty.Value) (time.Duration, error) {
	if v.Type() != cty.String {
		return 0, fmt.Errorf("%s is no duration; write it with its unit: \"2s\"", block.Noun(v.Type()))
	}
	d, err := block.ParseDuration(v.AsString())
	if err == nil && d > longest {
		err = fmt.Errorf("%v is too long; the longest is %v", d, longest)
	}
	return d, err
}

// Schema is what a time looks like in JSON.
func Schema() map[string]any {
	text := map[string]any{"type": "string"}
	object := func(shape string, value any, others ...string) map[string]any {
		properties := map[string]any{shape: value}
		for _, name := range others {
			properties[name] = text
		}
		return map[string]any{"type": "object", "properties": properties, "required": []string{shape}, "additionalProperties": false}
	}
	return map[string]any{"anyOf": []any{
		text,
		object(string(Exponential), text, "max"),
		object(string(Uniform), map[string]any{"type": "array", "items": text, "minItems": 2, "maxItems": 2}),
	}}
}
