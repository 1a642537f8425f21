package expr

import (
	"regexp"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// testFunc asks something of two texts.
func testFunc(name, second string, test func(s, other string) bool) function.Function {
	return function.New(&function.Spec{
		Description: name + "(text, " + second + ") is true or false.",
		Params:      []function.Parameter{{Name: "text", Type: cty.String}, {Name: second, Type: cty.String}},
		Type:        function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(test(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

// replaceFunc is Terraform's: what stands between slashes is a regular expression.
var replaceFunc = function.New(&function.Spec{
	Description: "replace(text, part, with) replaces every occurrence of a part; \"/…/\" is a regular expression, and $1 its first group.",
	Params: []function.Parameter{
		{Name: "text", Type: cty.String},
		{Name: "part", Type: cty.String},
		{Name: "with", Type: cty.String},
	},
	Type: function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		text, part, with := args[0].AsString(), args[1].AsString(), args[2].AsString()
		if len(part) < 3 || !strings.HasPrefix(part, "/") || !strings.HasSuffix(part, "/") {
			return cty.StringVal(strings.ReplaceAll(text, part, with)), nil
		}
		pattern, err := regexp.Compile(part[1 : len(part)-1])
		if err != nil {
			return cty.NilVal, function.NewArgErrorf(1, "%s", err)
		}
		return cty.StringVal(pattern.ReplaceAllString(text, with)), nil
	},
})
