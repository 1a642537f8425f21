package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// Reader reads a file of the suite by its path relative to the suite's folder, and notes that it was read.
type Reader func(name string) (string, error)

func (r Reader) text(name string) (string, error) {
	if r == nil {
		return "", function.NewArgErrorf(0, "no file can be read here; use a local value")
	}
	text, err := r(name)
	switch {
	case err != nil:
		return "", function.NewArgError(0, err)
	case !utf8.ValidString(text):
		return "", function.NewArgErrorf(0, "%s is not a text in UTF-8", name)
	}
	return text, nil
}

func fileFunc(read Reader) function.Function {
	return function.New(&function.Spec{
		Description: "file(path) is the text of a file in the suite's folder.",
		Params:      []function.Parameter{{Name: "path", Type: cty.String}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			text, err := read.text(args[0].AsString())
			return cty.StringVal(text), err
		},
	})
}

// templateFileFunc renders a file of the suite as a template. Functions are those that it may call: not itself.
func templateFileFunc(read Reader, functions map[string]function.Function) function.Function {
	return function.New(&function.Spec{
		Description: "templatefile(path, values) is a file in the suite's folder with ${…} filled in from an object.",
		Params:      []function.Parameter{{Name: "path", Type: cty.String}, {Name: "values", Type: cty.DynamicPseudoType}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name := args[0].AsString()
			text, err := read.text(name)
			if err != nil {
				return cty.NilVal, err
			}
			template, diags := hclsyntax.ParseTemplate([]byte(text), name, hcl.InitialPos)
			if diags.HasErrors() {
				return cty.NilVal, function.NewArgErrorf(0, "%s: %s", block.Place(*diags[0].Subject), strings.TrimSuffix(diags[0].Detail, "."))
			}
			guard(template)
			return render(template, args[1], functions)
		},
	})
}

// render fills a template in. Names that it is not given are reported together.
func render(template hclsyntax.Expression, values cty.Value, functions map[string]function.Function) (cty.Value, error) {
	if ty := values.Type(); !ty.IsObjectType() && !ty.IsMapType() {
		return cty.NilVal, function.NewArgErrorf(1, "the values are an object, such as { name = \"x\" }, but this is %s", ty.FriendlyName())
	}
	given := values.AsValueMap()
	missing := map[string]bool{}
	for _, ref := range template.Variables() {
		if _, ok := given[ref.RootName()]; !ok {
			missing[ref.RootName()] = true
		}
	}
	if len(missing) > 0 {
		return cty.NilVal, function.NewArgErrorf(1, "the template needs %s too", strings.Join(slices.Sorted(maps.Keys(missing)), ", "))
	}
	v, diags := template.Value(&hcl.EvalContext{Variables: given, Functions: functions})
	if diags.HasErrors() {
		return cty.NilVal, function.NewArgErrorf(0, "%s", strings.TrimSuffix(diags[0].Detail, "."))
	}
	text, err := textOf(v)
	if err != nil {
		return cty.NilVal, function.NewArgError(0, err)
	}
	return text, nil
}

// textOf is what a template came to, which is no string if all of it is one ${…}.
func textOf(v cty.Value) (cty.Value, error) {
	text, err := convert.Convert(v, cty.String)
	if err != nil || text.IsNull() {
		return cty.NilVal, fmt.Errorf("the template is no text")
	}
	return text, nil
}
