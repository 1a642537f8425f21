package expr

import (
	"fmt"
	"math/big"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/strangeloopio/inferencex/schemas/suite/block"
)

// Functions are those that every expression may call. All are pure: equal arguments give equal results.
func Functions() map[string]function.Function {
	return map[string]function.Function{
		"abs":        stdlib.AbsoluteFunc,
		"can":        tryfunc.CanFunc,
		"ceil":       stdlib.CeilFunc,
		"coalesce":   stdlib.CoalesceFunc,
		"concat":     stdlib.ConcatFunc,
		"contains":   stdlib.ContainsFunc,
		"distinct":   stdlib.DistinctFunc,
		"element":    stdlib.ElementFunc,
		"env":        envElsewhere,
		"flatten":    stdlib.FlattenFunc,
		"floor":      stdlib.FloorFunc,
		"format":     stdlib.FormatFunc,
		"join":       stdlib.JoinFunc,
		"jsondecode": stdlib.JSONDecodeFunc,
		"jsonencode": stdlib.JSONEncodeFunc,
		"keys":       stdlib.KeysFunc,
		"length":     lengthFunc,
		"lookup":     stdlib.LookupFunc,
		"lower":      stdlib.LowerFunc,
		"max":        stdlib.MaxFunc,
		"merge":      stdlib.MergeFunc,
		"min":        stdlib.MinFunc,
		"pow":        stdlib.PowFunc,
		"pow2":       pow2Func,
		"range":      stdlib.RangeFunc,
		"regex":      stdlib.RegexFunc,
		"replace":    stdlib.ReplaceFunc,
		"reverse":    stdlib.ReverseListFunc,
		"setproduct": stdlib.SetProductFunc,
		"slice":      stdlib.SliceFunc,
		"sort":       stdlib.SortFunc,
		"split":      stdlib.SplitFunc,
		"substr":     stdlib.SubstrFunc,
		"tobool":     stdlib.MakeToFunc(cty.Bool),
		"tolist":     stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
		"tomap":      stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"tonumber":   stdlib.MakeToFunc(cty.Number),
		"toset":      stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
		"tostring":   stdlib.MakeToFunc(cty.String),
		"trimspace":  stdlib.TrimSpaceFunc,
		"try":        tryfunc.TryFunc,
		"upper":      stdlib.UpperFunc,
		"values":     stdlib.ValuesFunc,
		"zipmap":     stdlib.ZipmapFunc,
	}
}

// DefaultFunctions are those that a variable's default may call: the pure ones, and env, which reads the environment.
func DefaultFunctions(getenv func(string) string) map[string]function.Function {
	fs := Functions()
	fs["env"] = env(getenv)
	return fs
}

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

// envElsewhere stands for env where reading the environment would make results depend on it unseen.
var envElsewhere = function.New(&function.Spec{
	Description: "env(name) reads the environment; legal only in a variable's default.",
	VarParam:    &function.Parameter{Name: "name", Type: cty.DynamicPseudoType, AllowNull: true, AllowMarked: true},
	Type:        function.StaticReturnType(cty.String),
	Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
		return cty.NilVal, fmt.Errorf("the environment may be read only by a variable's default: declare a variable with this default and use var.NAME here")
	},
})

// env reads an environment variable; null if it is not set or empty. What it gives is marked as impure.
func env(getenv func(string) string) function.Function {
	return function.New(&function.Spec{
		Description: "env(name) is the value of an environment variable, null if it is not set or empty.",
		Params:      []function.Parameter{{Name: "name", Type: cty.String}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if s := getenv(args[0].AsString()); s != "" {
				return cty.StringVal(s).Mark(block.Impure), nil
			}
			return cty.NullVal(cty.String).Mark(block.Impure), nil
		},
	})
}
