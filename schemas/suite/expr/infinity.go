package expr

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// mostLooked bounds the elements that are looked at for infinity: what refers to a long list would look at all of it each time.
const mostLooked = 10_000

// infinite says whether a number in a value is without end, as 1 / 0 is. What is secret is as finite as everything else has to be.
func infinite(v cty.Value) bool {
	left := mostLooked
	return infiniteIn(v, &left)
}

func infiniteIn(v cty.Value, left *int) bool {
	v, _ = v.Unmark()
	if *left--; *left < 0 || v.IsNull() || !v.IsKnown() {
		return false
	}
	if v.Type() == cty.Number {
		return v.AsBigFloat().IsInf()
	}
	if !v.CanIterateElements() {
		return false
	}
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); infiniteIn(e, left) {
			return true
		}
	}
	return false
}

// endless is what is said of an expression whose value has an infinite number in it.
func endless(at hcl.Range) *hcl.Diagnostic {
	return &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: "Infinite number", Subject: &at,
		Detail: "This comes to a number without end: something is divided by zero, or grows beyond what a number can be.",
	}
}
