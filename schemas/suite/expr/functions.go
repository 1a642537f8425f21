package expr

import (
	"maps"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// Functions are those that every expression may call, under the names that Terraform gives them. All are pure: equal
// arguments give equal results. The files that file and templatefile read are part of the suite; a nil reader has none.
// What they go over is counted by the meter.
func Functions(read Reader, meter *Meter) map[string]function.Function {
	fs := map[string]function.Function{}
	for _, group := range []map[string]function.Function{numbers(), texts(), collections(), conversions()} {
		maps.Copy(fs, group)
	}
	fs["env"] = envElsewhere
	fs["file"] = fileFunc(read)
	fs = meter.counting(fs)
	fs["templatefile"] = templateFileFunc(read, maps.Clone(fs))
	return fs
}

// Default evaluates a variable's default, which may call the pure functions, and env, which reads the environment.
func Default(e hcl.Expression, getenv func(string) string) (cty.Value, hcl.Diagnostics) {
	meter := &Meter{}
	ctx := &hcl.EvalContext{Functions: Functions(nil, meter)}
	ctx.Functions["env"] = env(getenv)
	v, diags := e.Value(ctx)
	if meter.exhausted() {
		return cty.DynamicVal, hcl.Diagnostics{overdrawn(e.Range())}
	}
	return v, diags
}

func numbers() map[string]function.Function {
	return map[string]function.Function{
		"abs":      stdlib.AbsoluteFunc,
		"ceil":     stdlib.CeilFunc,
		"floor":    stdlib.FloorFunc,
		"log":      stdlib.LogFunc,
		"max":      stdlib.MaxFunc,
		"min":      stdlib.MinFunc,
		"parseint": stdlib.ParseIntFunc,
		"pow":      stdlib.PowFunc,
		"pow2":     pow2Func,
		"range":    stdlib.RangeFunc,
		"signum":   stdlib.SignumFunc,
		"sum":      sumFunc,
	}
}

func texts() map[string]function.Function {
	return map[string]function.Function{
		"chomp":       stdlib.ChompFunc,
		"endswith":    testFunc("endswith", "suffix", strings.HasSuffix),
		"format":      stdlib.FormatFunc,
		"formatdate":  stdlib.FormatDateFunc,
		"formatlist":  stdlib.FormatListFunc,
		"indent":      stdlib.IndentFunc,
		"join":        stdlib.JoinFunc,
		"lower":       stdlib.LowerFunc,
		"regex":       stdlib.RegexFunc,
		"regexall":    stdlib.RegexAllFunc,
		"replace":     replaceFunc,
		"split":       stdlib.SplitFunc,
		"startswith":  testFunc("startswith", "prefix", strings.HasPrefix),
		"strcontains": testFunc("strcontains", "part", strings.Contains),
		"strrev":      stdlib.ReverseFunc,
		"substr":      stdlib.SubstrFunc,
		"timeadd":     stdlib.TimeAddFunc,
		"title":       stdlib.TitleFunc,
		"trim":        stdlib.TrimFunc,
		"trimprefix":  stdlib.TrimPrefixFunc,
		"trimspace":   stdlib.TrimSpaceFunc,
		"trimsuffix":  stdlib.TrimSuffixFunc,
		"upper":       stdlib.UpperFunc,
	}
}

func collections() map[string]function.Function {
	return map[string]function.Function{
		"alltrue":         everyFunc,
		"anytrue":         someFunc,
		"chunklist":       stdlib.ChunklistFunc,
		"coalesce":        stdlib.CoalesceFunc,
		"coalescelist":    stdlib.CoalesceListFunc,
		"compact":         stdlib.CompactFunc,
		"concat":          stdlib.ConcatFunc,
		"contains":        stdlib.ContainsFunc,
		"distinct":        stdlib.DistinctFunc,
		"element":         stdlib.ElementFunc,
		"flatten":         stdlib.FlattenFunc,
		"index":           indexFunc,
		"keys":            stdlib.KeysFunc,
		"length":          lengthFunc,
		"lookup":          stdlib.LookupFunc,
		"matchkeys":       matchKeysFunc,
		"merge":           stdlib.MergeFunc,
		"one":             oneFunc,
		"reverse":         stdlib.ReverseListFunc,
		"setintersection": stdlib.SetIntersectionFunc,
		"setproduct":      stdlib.SetProductFunc,
		"setsubtract":     stdlib.SetSubtractFunc,
		"setunion":        stdlib.SetUnionFunc,
		"slice":           stdlib.SliceFunc,
		"sort":            stdlib.SortFunc,
		"values":          stdlib.ValuesFunc,
		"zipmap":          stdlib.ZipmapFunc,
	}
}

func conversions() map[string]function.Function {
	return map[string]function.Function{
		"can":        tryfunc.CanFunc.WithNewDescriptions("Returns whether an expression has a value, or an error.", []string{""}),
		"convert":    typeexpr.ConvertFunc.WithNewDescriptions("Returns a value as one of a type, such as convert([\"1\"], list(number)).", []string{"", ""}),
		"csvdecode":  stdlib.CSVDecodeFunc,
		"jsondecode": stdlib.JSONDecodeFunc,
		"jsonencode": stdlib.JSONEncodeFunc,
		"tobool":     stdlib.MakeToFunc(cty.Bool),
		"tolist":     stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)),
		"tomap":      stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"tonumber":   stdlib.MakeToFunc(cty.Number),
		"toset":      stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
		"tostring":   stdlib.MakeToFunc(cty.String),
		"try":        tryfunc.TryFunc.WithNewDescriptions("Returns the value of the first of its expressions that has one.", nil),
	}
}

// Names are all functions as they are documented, by name.
func Names() map[string]function.Function {
	fs := Functions(nil, &Meter{})
	delete(fs, tick)
	fs["env"] = env(func(string) string { return "" })
	return fs
}
