package phase

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

// UserLimit is how many users a load has at most, which is beyond what one client can hold open to one server.
const UserLimit = 100_000

// Doc says what phases are, for the reference of the language.
const Doc = "What the load goes through, in place of users or a rate in the benchmark: a list such as [{ users = 8, duration = \"1m\" }, { users = 32, duration = \"1m\", ramp = \"10s\" }], " +
	"or with a rate in place of users. Each has so many users, or sends so many requests a second, for its duration; over its ramp, which is a part of that, it gets there from the one before, evenly, and from 0 at first."

// most is how many phases a load has at most.
const most = 1000

// Check holds a known, plain value against what phases are.
func Check(v cty.Value) error {
	_, err := Decode(v)
	return err
}

// Decode reads phases from a known value that is neither null nor marked. The error says what was found and what to do.
func Decode(v cty.Value) (Phases, error) {
	ty := v.Type()
	if !ty.IsTupleType() && !ty.IsListType() {
		return nil, fmt.Errorf("%s is no list of phases; write [{ rate = 5, duration = \"1m\" }, …], or users in place of a rate", block.Noun(ty))
	}
	var phases Phases
	var before string
	var wrong []error
	for i, element := range v.AsValueSlice() {
		phase, target, err := decodeOne(element)
		if err == nil && before != "" && before != target {
			err = fmt.Errorf("it sets %s, and those before it %s: a load has either users or a rate", target, before)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("phase %d: %w", i+1, err))
			continue
		}
		before = target
		phases = append(phases, phase)
	}
	switch {
	case len(wrong) > 0:
		return nil, errors.Join(wrong...)
	case phases.MostUsers() == 0 && !phases.Open():
		return nil, errors.New("nothing is ever sent: give a phase that has users or a rate above 0")
	case len(phases) > most:
		return nil, fmt.Errorf("there are %d phases; the most is %d", len(phases), most)
	}
	return phases, nil
}

// decodeOne reads a phase and says whether it has users or a rate.
func decodeOne(v cty.Value) (p Phase, target string, err error) {
	if v.IsNull() || !v.Type().IsObjectType() && !v.Type().IsMapType() {
		return p, "", fmt.Errorf("%s is no phase; write { rate = 5, duration = \"1m\" }, or users in place of a rate", block.Noun(v.Type()))
	}
	attrs := v.AsValueMap()
	maps.DeleteFunc(attrs, func(_ string, v cty.Value) bool { return v.IsNull() })
	names := []string{"users", "rate", "duration", "ramp"}
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		if !slices.Contains(names, name) {
			return p, "", fmt.Errorf("%q has no meaning in a phase%s", name, block.Hint(name, names))
		}
	}
	users, hasUsers := attrs["users"]
	rate, hasRate := attrs["rate"]
	switch {
	case hasUsers == hasRate:
		return p, "", errors.New("set either users or rate")
	case hasUsers:
		target, err = "users", number(users, block.WholeWithin(0, UserLimit).Check, func(f float64) { p.Users = int(f) })
	default:
		target, err = "rate", number(rate, block.AtLeast(0), func(f float64) { p.RateRPS = f })
	}
	if err != nil {
		return p, target, fmt.Errorf("%s: %w", target, err)
	}
	for _, span := range []struct {
		name string
		into *time.Duration
	}{{"duration", &p.Duration}, {"ramp", &p.Ramp}} {
		if *span.into, err = duration(attrs, span.name); err != nil {
			return p, target, fmt.Errorf("%s: %w", span.name, err)
		}
	}
	switch {
	case p.Duration == 0:
		return p, target, errors.New("it has no duration: set how long it lasts, such as duration = \"1m\"")
	case p.Ramp > p.Duration:
		return p, target, fmt.Errorf("its ramp of %v is longer than its duration of %v, of which it is a part", p.Ramp, p.Duration)
	}
	return p, target, nil
}

func number(v cty.Value, check func(cty.Value) error, set func(float64)) error {
	n, err := convert.Convert(v, cty.Number)
	if err != nil {
		return fmt.Errorf("%s is no number", block.Noun(v.Type()))
	}
	if err := check(n); err != nil {
		return err
	}
	f, _ := n.AsBigFloat().Float64()
	set(f)
	return nil
}

// duration reads an argument that may be absent.
func duration(attrs map[string]cty.Value, name string) (time.Duration, error) {
	v, ok := attrs[name]
	if !ok {
		return 0, nil
	}
	if v.Type() != cty.String {
		return 0, fmt.Errorf("%s is no duration; write it with its unit: \"30s\"", block.Noun(v.Type()))
	}
	return block.ParseDuration(v.AsString())
}

// Schema is what phases look like in JSON.
func Schema() map[string]any {
	text := map[string]any{"type": "string"}
	object := func(target string, number map[string]any) map[string]any {
		return map[string]any{
			"type": "object", "required": []string{target, "duration"}, "additionalProperties": false,
			"properties": map[string]any{target: number, "duration": text, "ramp": text},
		}
	}
	return map[string]any{"anyOf": []any{
		map[string]any{"type": "array", "minItems": 1, "items": object("users", map[string]any{"type": "integer", "minimum": 0})},
		map[string]any{"type": "array", "minItems": 1, "items": object("rate", map[string]any{"type": "number", "minimum": 0})},
	}}
}
