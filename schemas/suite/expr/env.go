package expr

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/strangeloopio/inferencex/schemas/block"
)

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
