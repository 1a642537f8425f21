package expr

import (
	"fmt"
	"math/big"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// typeWords are the names of types that stand alone.
var typeWords = map[string]bool{"string": true, "number": true, "bool": true, "any": true}

// mostPow2 keeps pow2's results exact and its lists short.
const mostPow2 = 1 << 40

// pow2Func lists the powers of two from lo to hi, both allowed: the usual axis of users.
var pow2Func = function.New(&function.Spec{
	Description: "pow2(lo, hi) lists the powers of two from lo to hi: pow2(16, 100) is [16, 32, 64].",
	Params: []function.Parameter{
		{Name: "lo", Type: cty.Number},
		{Name: "hi", Type: cty.Number},
	},
	Type: function.StaticReturnType(cty.List(cty.Number)),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		lo, hi := args[0].AsBigFloat(), args[1].AsBigFloat()
		switch {
		case lo.Cmp(big.NewFloat(1)) < 0:
			return cty.NilVal, function.NewArgErrorf(0, "lo must be at least 1")
		case hi.Cmp(big.NewFloat(mostPow2)) > 0:
			return cty.NilVal, function.NewArgErrorf(1, "hi must be at most %d", int64(mostPow2))
		}
		var out []cty.Value
		for p := int64(1); big.NewFloat(float64(p)).Cmp(hi) <= 0; p *= 2 {
			if big.NewFloat(float64(p)).Cmp(lo) >= 0 {
				out = append(out, cty.NumberIntVal(p))
			}
		}
		if len(out) == 0 {
			return cty.NilVal, fmt.Errorf("no power of two lies between lo and hi")
		}
		return cty.ListVal(out), nil
	},
})

// lengthFunc is the standard one, and the number of characters of a string.
var lengthFunc = function.New(&function.Spec{
	Description: "length(x) is the number of elements of a collection, or of characters of a string.",
	Params:      []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true}},
	Type:        function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		switch v := args[0]; {
		case v.Type() == cty.String:
			return cty.NumberIntVal(int64(utf8.RuneCountInString(v.AsString()))), nil
		case v.CanIterateElements():
			return cty.NumberIntVal(int64(v.LengthInt())), nil
		default:
			return cty.NilVal, function.NewArgErrorf(0, "%s has no length", v.Type().FriendlyName())
		}
	},
})
