package variable

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// otherWords are what types are called elsewhere.
var otherWords = map[string]string{
	"int": "number", "integer": "number", "float": "number", "double": "number",
	"str": "string", "text": "string", "boolean": "bool", "array": "list(...)", "dict": "map(...)",
}

// constraint reads the type of a variable block.
func constraint(e hcl.Expression) (cty.Type, *typeexpr.Defaults, hcl.Diagnostics) {
	ty, defaults, diags := typeexpr.TypeConstraintWithDefaults(e)
	for _, d := range diags {
		if d.Summary != "Invalid type specification" {
			continue
		}
		_, quoted := e.(*hclsyntax.TemplateExpr)
		_, word, _ := strings.Cut(d.Detail, "The keyword \"")
		word, _, unknown := strings.Cut(word, "\"")
		words := []string{"string", "number", "bool", "any", "list", "set", "map", "object", "tuple"}
		switch near := block.Suggest(word, words); {
		case quoted:
			d.Detail = "A type is written without quotes: type = number."
		case unknown && otherWords[word] != "":
			d.Detail = fmt.Sprintf("There is no type %q. It is called %s here.", word, otherWords[word])
		case unknown && near != "":
			d.Detail = fmt.Sprintf("There is no type %q. Did you mean %q?", word, near)
		default:
			d.Detail += " Types are string, number, bool, any, list(...), set(...), map(...), object({ name = ... }) and tuple([...])."
		}
	}
	return ty, defaults, diags
}

// example is a value of a type, as it is written.
func example(ty cty.Type) string {
	switch {
	case ty == cty.Number:
		return "1"
	case ty == cty.Bool:
		return "true"
	case ty.IsListType() || ty.IsSetType():
		return "[" + example(ty.ElementType()) + "]"
	case ty.IsMapType():
		return "{ key = " + example(ty.ElementType()) + " }"
	case ty.IsObjectType():
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(ty.AttributeTypes())) {
			if !ty.AttributeOptional(name) {
				parts = append(parts, name+" = "+example(ty.AttributeType(name)))
			}
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case ty.IsTupleType():
		var parts []string
		for _, element := range ty.TupleElementTypes() {
			parts = append(parts, example(element))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return `"text"`
}

// misfit says why a value is not of the declared type. Inside of a collection or an object, the conversion says where, unless the value is
// secret and the keys that lead there with it.
func misfit(got cty.Value, want cty.Type, err error, secret bool) error {
	var inside cty.PathError
	switch {
	case secret:
	case errors.As(err, &inside) && len(inside.Path) > 0:
		return errors.New(block.Fault(err))
	case got.Type().IsObjectType() && want.IsObjectType():
		return fmt.Errorf("in the object, %w", err)
	}
	return fmt.Errorf("it is %s, but the declared type is %s", block.Noun(got.Type()), typeexpr.TypeString(want))
}

// strays lists the attributes of a value that its type has no place for, each with the one that it may have been meant to be. Converting
// the value drops them in silence.
func strays(v cty.Value, want cty.Type, at string) []string {
	v, _ = v.Unmark()
	if v.IsNull() || !v.IsKnown() || !v.CanIterateElements() {
		return nil
	}
	var out []string
	for it := v.ElementIterator(); it.Next(); {
		key, e := it.Element()
		switch {
		case want.IsObjectType() && v.Type().IsObjectType():
			name := key.AsString()
			if !want.HasAttribute(name) {
				out = append(out, fmt.Sprintf("%q%s", strings.TrimPrefix(at+"."+name, "."), block.Hint(name, slices.Sorted(maps.Keys(want.AttributeTypes())))))
				continue
			}
			out = append(out, strays(e, want.AttributeType(name), at+"."+name)...)
		case want.IsMapType() && key.Type() == cty.String:
			out = append(out, strays(e, want.ElementType(), fmt.Sprintf("%s[%q]", at, key.AsString()))...)
		case want.IsCollectionType() && key.Type() == cty.Number:
			out = append(out, strays(e, want.ElementType(), fmt.Sprintf("%s[%s]", at, block.Number(key)))...)
		case want.IsCollectionType():
			out = append(out, strays(e, want.ElementType(), at+"[...]")...)
		}
	}
	return out
}
