package length

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// shapes are the attributes by which a distribution is recognised.
func shapes() []string { return []string{"uniform", "normal", "lognormal", "dataset"} }

// Expected says in words how lengths are written.
const Expected = "a number of tokens, or one of { uniform = [lo, hi] }, { normal = [mean, sd] }, { lognormal = [mean, sd] } and { dataset = \"file.jsonl\" }"

// Doc says what the shapes mean, for the reference of the language.
const Doc = "{ uniform = [lo, hi] } has every length from lo to hi, { normal = [mean, sd] } and { lognormal = [mean, sd] } have a mean and a standard deviation " +
	"of the length itself, rounded and kept from min to max where these stand beside them, and { dataset = \"file.jsonl\", field = \"isl\" } has those of " +
	"the objects on a file's lines, each once before any comes again. Drawn from one file, isl and osl of a request are of the same line. " +
	"What is drawn follows from the suite's seed and the trial, so that cells that are compared have requests of the same lengths."

// Decode reads lengths from a known value that is neither null nor marked. Field is what the lines of a dataset call
// them unless the value says otherwise; read, which may be nil, reads a dataset by its path. The error says what was found
// and what to do.
func Decode(v cty.Value, field string, read func(string) (string, error)) (Lengths, error) {
	if ty := v.Type(); ty == cty.Number || ty == cty.String {
		n, err := convert.Convert(v, cty.Number)
		if err != nil {
			return Lengths{}, fmt.Errorf("%q is %s", v.AsString(), notLengths)
		}
		tokens, err := integer(n)
		return Of(tokens), err
	}
	if !v.CanIterateElements() || !v.Type().IsObjectType() && !v.Type().IsMapType() {
		return Lengths{}, fmt.Errorf("%s is %s", block.Noun(v.Type()), notLengths)
	}
	attrs := v.AsValueMap()
	shape, err := shapeOf(attrs)
	if err != nil {
		return Lengths{}, err
	}
	l := Lengths{Kind: Kind(shape), Field: field}
	given := attrs[shape]
	switch l.Kind {
	case Uniform:
		return l.uniform(given)
	case Dataset:
		return l.dataset(attrs, read)
	}
	return l.bell(given, attrs)
}

const notLengths = "not a length; write " + Expected

// shapeOf is the one shape that an object names. Other attributes have to be that shape's.
func shapeOf(attrs map[string]cty.Value) (string, error) {
	var found []string
	for _, shape := range shapes() {
		if _, ok := attrs[shape]; ok {
			found = append(found, shape)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("an object that names no shape is %s", notLengths)
	case 1:
	default:
		return "", fmt.Errorf("%s exclude each other; write %s", strings.Join(found, " and "), Expected)
	}
	allowed := map[string][]string{"normal": {"min", "max"}, "lognormal": {"min", "max"}, "dataset": {"field"}}[found[0]]
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		if name != found[0] && !slices.Contains(allowed, name) {
			return "", fmt.Errorf("%q has no meaning beside %q%s", name, found[0], block.Hint(name, allowed))
		}
	}
	return found[0], nil
}

// Check holds a value against all that can be said of lengths without reading a dataset.
func Check(v cty.Value) error {
	_, err := Decode(v, "isl", nil)
	return err
}

// integer reads a number of tokens.
func integer(v cty.Value) (int, error) {
	if err := block.Integer(1)(v); err != nil {
		return 0, err
	}
	n, _ := v.AsBigFloat().Int64()
	if n > MaxTokens {
		return 0, fmt.Errorf("%d is too large; the most is %d", n, MaxTokens)
	}
	return int(n), nil
}

// pair reads a list of two numbers.
func pair(shape string, v cty.Value) (a, b cty.Value, err error) {
	list, convErr := convert.Convert(v, cty.List(cty.Number))
	if convErr != nil || list.IsNull() || list.LengthInt() != 2 {
		return a, b, fmt.Errorf("%s takes a list of two numbers; write %s", shape, Expected)
	}
	elements := list.AsValueSlice()
	if elements[0].IsNull() || elements[1].IsNull() {
		return a, b, fmt.Errorf("%s: one of the two numbers is null", shape)
	}
	return elements[0], elements[1], nil
}

func (l Lengths) uniform(v cty.Value) (Lengths, error) {
	lo, hi, err := pair("uniform", v)
	if err != nil {
		return l, err
	}
	if l.Lo, err = integer(lo); err != nil {
		return l, fmt.Errorf("uniform: %w", err)
	}
	if l.Hi, err = integer(hi); err != nil {
		return l, fmt.Errorf("uniform: %w", err)
	}
	if l.Lo > l.Hi {
		return l, fmt.Errorf("uniform: %d lies above %d; write the lower bound first", l.Lo, l.Hi)
	}
	l.Field = ""
	return l, nil
}

// bell reads a normal or lognormal distribution.
func (l Lengths) bell(v cty.Value, attrs map[string]cty.Value) (Lengths, error) {
	mean, spread, err := pair(string(l.Kind), v)
	if err != nil {
		return l, err
	}
	if err := block.Positive(mean); err != nil {
		return l, fmt.Errorf("%s: the mean: %w", l.Kind, err)
	}
	if err := block.AtLeast(0)(spread); err != nil {
		return l, fmt.Errorf("%s: the standard deviation: %w", l.Kind, err)
	}
	l.MeanOf, l.Spread, l.Field = float(mean), float(spread), ""
	if l.MeanOf > MaxTokens || l.Spread > MaxTokens {
		return l, fmt.Errorf("%s: %s is too large; the most is %d", l.Kind, number(max(l.MeanOf, l.Spread)), MaxTokens)
	}
	for i, into := range []*int{&l.Min, &l.Max} {
		name := []string{"min", "max"}[i]
		bound, ok := attrs[name]
		if !ok || bound.IsNull() {
			continue
		}
		n, err := convert.Convert(bound, cty.Number)
		if err != nil {
			return l, fmt.Errorf("%s is a number of tokens, but this is %s", name, block.Noun(bound.Type()))
		}
		if *into, err = integer(n); err != nil {
			return l, fmt.Errorf("%s: %w", name, err)
		}
	}
	if l.MeanOf < float64(l.Min) || l.Max > 0 && l.MeanOf > float64(l.Max) {
		return l, fmt.Errorf("%s: the mean %s does not lie between min and max", l.Kind, number(l.MeanOf))
	}
	return l, nil
}

func float(v cty.Value) float64 {
	f, _ := new(big.Float).Copy(v.AsBigFloat()).Float64()
	return f
}

// dataset reads the lengths of a file: an object on each line, with whole numbers of tokens.
func (l Lengths) dataset(attrs map[string]cty.Value, read func(string) (string, error)) (Lengths, error) {
	for i, into := range []*string{&l.Path, &l.Field} {
		name := []string{"dataset", "field"}[i]
		v, ok := attrs[name]
		if !ok || v.IsNull() {
			continue
		}
		if v.Type() != cty.String || v.AsString() == "" {
			return l, fmt.Errorf("%s is a text that is not empty; write %s", name, Expected)
		}
		*into = v.AsString()
	}
	if l.Path == "" {
		return l, fmt.Errorf("dataset is null; write the path of a file")
	}
	if read == nil {
		return l, nil
	}
	text, err := read(l.Path)
	if err != nil {
		return l, err
	}
	l.Digest = fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	var values []int32
	scan := bufio.NewScanner(strings.NewReader(text))
	scan.Buffer(nil, 1<<20)
	for at := 1; scan.Scan(); at++ {
		if strings.TrimSpace(scan.Text()) == "" {
			continue
		}
		tokens, err := l.line(scan.Bytes())
		if err != nil {
			return l, fmt.Errorf("%s:%d: %w", l.Path, at, err)
		}
		values = append(values, tokens)
	}
	switch {
	case scan.Err() != nil:
		return l, fmt.Errorf("%s: %w", l.Path, scan.Err())
	case len(values) == 0:
		return l, fmt.Errorf("%s has no lines, so there is no length to draw", l.Path)
	}
	return l.with(values), nil
}

// line reads the length on a line of a dataset.
func (l Lengths) line(text []byte) (int32, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil {
		return 0, fmt.Errorf("the line is no JSON object: write {%q: 1024} on each line", l.Field)
	}
	raw, ok := object[l.Field]
	if !ok {
		return 0, fmt.Errorf("the line has no %q%s Set field to what it is called", l.Field, block.Hint(l.Field, slices.Sorted(maps.Keys(object))))
	}
	var tokens int32
	if err := json.Unmarshal(raw, &tokens); err != nil || tokens < 1 {
		return 0, fmt.Errorf("%q is %s, not a whole number of tokens from 1 to %d", l.Field, raw, MaxTokens)
	}
	return tokens, nil
}

// Schema is what lengths look like in JSON.
func Schema() map[string]any {
	tokens := map[string]any{"type": "integer", "minimum": 1}
	pair := func(element map[string]any) map[string]any {
		return map[string]any{"type": "array", "items": element, "minItems": 2, "maxItems": 2}
	}
	object := func(shape string, value map[string]any, others map[string]any) map[string]any {
		properties := map[string]any{shape: value}
		maps.Copy(properties, others)
		return map[string]any{"type": "object", "properties": properties, "required": []string{shape}, "additionalProperties": false}
	}
	bounds := map[string]any{"min": tokens, "max": tokens}
	number := map[string]any{"type": "number", "minimum": 0}
	return map[string]any{"anyOf": []any{
		tokens,
		object("uniform", pair(tokens), nil),
		object("normal", pair(number), bounds),
		object("lognormal", pair(number), bounds),
		object("dataset", map[string]any{"type": "string"}, map[string]any{"field": map[string]any{"type": "string"}}),
	}}
}
