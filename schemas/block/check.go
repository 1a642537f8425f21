package block

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode"

	"github.com/zclconf/go-cty/cty"
)

// mostInteger bounds whole numbers to what a float64, and so JSON, holds exactly.
const mostInteger = 1 << 53

// Bounds are what a number, or a duration in seconds, has to lie between. They are data, so that documents show them.
type Bounds struct {
	Integer bool
	Min     *float64 // nil: none
	Above   bool     // Min itself is too small
	Max     *float64 // nil: none
}

// IntegerFrom are the bounds of a whole number that is at least lowest.
func IntegerFrom(lowest int) *Bounds {
	b := From(float64(lowest))
	b.Integer = true
	return b
}

// From are the bounds of a number, whole or not, that is at least lowest.
func From(lowest float64) *Bounds { return &Bounds{Min: &lowest} }

// Within are the bounds of a number from lowest to highest, both allowed.
func Within(lowest, highest float64) *Bounds { return &Bounds{Min: &lowest, Max: &highest} }

// WholeWithin are the bounds of a whole number from lowest to highest, both allowed.
func WholeWithin(lowest, highest int) *Bounds {
	b := Within(float64(lowest), float64(highest))
	b.Integer = true
	return b
}

// AboveZero are the bounds of a positive number, or of a duration longer than zero.
func AboveZero() *Bounds {
	b := From(0)
	b.Above = true
	return b
}

// Check holds a number or a duration against the bounds.
func (b *Bounds) Check(v cty.Value) error {
	if v.Type() == cty.String {
		return b.checkDuration(v.AsString())
	}
	n := v.AsBigFloat()
	switch {
	case b.Integer && !n.IsInt():
		return fmt.Errorf("%s is not a whole number", Number(v))
	case b.Min != nil && b.Max != nil && (n.Cmp(big.NewFloat(*b.Min)) < 0 || n.Cmp(big.NewFloat(*b.Max)) > 0):
		return fmt.Errorf("%s is not between %g and %g", Number(v), *b.Min, *b.Max)
	case b.Min != nil && b.Above && n.Cmp(big.NewFloat(*b.Min)) <= 0:
		return fmt.Errorf("%s is not above %s", Number(v), zeroOr(*b.Min))
	case b.Min != nil && n.Cmp(big.NewFloat(*b.Min)) < 0:
		return fmt.Errorf("%s is too small; the least is %g", Number(v), *b.Min)
	case b.Integer && n.Cmp(big.NewFloat(mostInteger)) > 0:
		return fmt.Errorf("%s is too large; the most is %d", Number(v), mostInteger)
	}
	return finite(v)
}

func zeroOr(n float64) string {
	if n == 0 {
		return "zero"
	}
	return fmt.Sprint(n)
}

func (b *Bounds) checkDuration(text string) error {
	d, err := ParseDuration(text)
	if err == nil && d == 0 && b.Above {
		return fmt.Errorf("%q is no time at all; leave it out or give more", text)
	}
	return err
}

// Integer checks for a whole number that is at least lowest.
func Integer(lowest int) func(cty.Value) error { return IntegerFrom(lowest).Check }

// AtLeast checks for a number, whole or not, that is at least lowest.
func AtLeast(lowest float64) func(cty.Value) error { return From(lowest).Check }

// Positive checks for a number above zero, or a duration longer than zero.
func Positive(v cty.Value) error { return AboveZero().Check(v) }

// NotEmpty checks for a string, list or map with something in it.
func NotEmpty(v cty.Value) error {
	if v.Type() == cty.String && strings.TrimSpace(v.AsString()) == "" || v.CanIterateElements() && v.LengthInt() == 0 {
		return fmt.Errorf("it is empty; leave it out or fill it")
	}
	return nil
}

// OneLine checks for a string with something in it, without line ends and other control characters, and without blanks around it.
func OneLine(v cty.Value) error {
	s := v.AsString()
	switch {
	case strings.TrimSpace(s) == "":
		return NotEmpty(v)
	case strings.HasSuffix(s, "\n"):
		return fmt.Errorf("%q ends with a line end, as a text after << does; write it in quotes, or use chomp(...)", s)
	case strings.IndexFunc(s, unicode.IsControl) >= 0:
		return fmt.Errorf("%q has a line end or another control character in it; take it out", s)
	case strings.TrimSpace(s) != s:
		return fmt.Errorf("%q has blanks around it; take them away, or use trimspace(...)", s)
	}
	return nil
}

// finite refuses what a float64 cannot hold.
func finite(v cty.Value) error {
	if f, _ := v.AsBigFloat().Float64(); f > 1e300 || f < -1e300 {
		return fmt.Errorf("%s is too large", Number(v))
	}
	return nil
}

// Number writes a number for messages: a whole one in full, as far as it can be read, and others shortly.
func Number(v cty.Value) string {
	n := v.AsBigFloat()
	if magnitude, _ := n.Float64(); n.IsInt() && magnitude < 1e20 && magnitude > -1e20 {
		return n.Text('f', 0)
	}
	return n.Text('g', 12)
}

// checkBounds holds a number, a duration, or each element of a map that is not null, against the bounds.
func (a Arg) checkBounds(v cty.Value) error {
	switch {
	case a.Bounds == nil:
		return nil
	case !v.Type().IsMapType():
		return a.Bounds.Check(v)
	}
	var errs []error
	for it := v.ElementIterator(); it.Next(); {
		if key, e := it.Element(); !e.IsNull() {
			if err := a.Bounds.Check(e); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", key.AsString(), err))
			}
		}
	}
	return errors.Join(errs...)
}

func (a Arg) checkOneOf(v cty.Value) error {
	switch {
	case a.OneOf == nil:
		return nil
	case v.Type() == cty.String:
		return oneOf(v.AsString(), a.OneOf)
	}
	var errs []error
	seen := map[string]int{}
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		if seen[e.AsString()]++; seen[e.AsString()] == 2 {
			errs = append(errs, fmt.Errorf("%q stands twice; once is enough", e.AsString()))
		}
		errs = append(errs, oneOf(e.AsString(), a.OneOf))
	}
	return errors.Join(errs...)
}

func oneOf(s string, allowed []string) error {
	for _, a := range allowed {
		if s == a {
			return nil
		}
	}
	return fmt.Errorf("%q is not known here%s", s, Hint(s, allowed))
}
