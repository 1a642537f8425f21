package block

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// mostWhole bounds whole numbers to what a float64, and so JSON, holds exactly.
const mostWhole = 1 << 53

// Whole checks for a whole number that is at least lowest.
func Whole(lowest int) func(cty.Value) error {
	return func(v cty.Value) error {
		n := v.AsBigFloat()
		switch {
		case !n.IsInt():
			return fmt.Errorf("%s is not a whole number", Number(v))
		case n.Cmp(big.NewFloat(float64(lowest))) < 0:
			return fmt.Errorf("%s is too small; the least is %d", Number(v), lowest)
		case n.Cmp(big.NewFloat(mostWhole)) > 0:
			return fmt.Errorf("%s is too large", Number(v))
		}
		return nil
	}
}

// AtLeast checks for a number, whole or not, that is at least lowest.
func AtLeast(lowest float64) func(cty.Value) error {
	return func(v cty.Value) error {
		if v.AsBigFloat().Cmp(big.NewFloat(lowest)) < 0 {
			return fmt.Errorf("%s is too small; the least is %g", Number(v), lowest)
		}
		return finite(v)
	}
}

// Between checks for a number from lowest to highest, both allowed.
func Between(lowest, highest float64) func(cty.Value) error {
	return func(v cty.Value) error {
		n := v.AsBigFloat()
		if n.Cmp(big.NewFloat(lowest)) < 0 || n.Cmp(big.NewFloat(highest)) > 0 {
			return fmt.Errorf("%s is not between %g and %g", Number(v), lowest, highest)
		}
		return nil
	}
}

// Positive checks for a number above zero, or a duration longer than zero.
func Positive(v cty.Value) error {
	if v.Type() == cty.String {
		if d, err := ParseDuration(v.AsString()); err != nil || d > 0 {
			return err
		}
		return fmt.Errorf("%q is no time at all; leave it out or give more", v.AsString())
	}
	if v.AsBigFloat().Sign() <= 0 {
		return fmt.Errorf("%s is not above zero", Number(v))
	}
	return finite(v)
}

// NotEmpty checks for a string, list or map with something in it.
func NotEmpty(v cty.Value) error {
	if v.Type() == cty.String && strings.TrimSpace(v.AsString()) == "" || v.CanIterateElements() && v.LengthInt() == 0 {
		return fmt.Errorf("it is empty; leave it out or fill it")
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

// Number writes a number shortly, for messages.
func Number(v cty.Value) string { return v.AsBigFloat().Text('g', 12) }

func (a Arg) checkOneOf(v cty.Value) error {
	switch {
	case a.OneOf == nil:
		return nil
	case v.Type() == cty.String:
		return oneOf(v.AsString(), a.OneOf)
	}
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		if err := oneOf(e.AsString(), a.OneOf); err != nil {
			return err
		}
	}
	return nil
}

func oneOf(s string, allowed []string) error {
	for _, a := range allowed {
		if s == a {
			return nil
		}
	}
	return fmt.Errorf("%q is not known here%s", s, Hint(s, allowed))
}
