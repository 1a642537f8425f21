package variable

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite/expr"
)

// writtenSecret warns of a sensitive variable whose default stands in the suite, where everyone can read it who reads a result.
func (v *Variable) writtenSecret(c *block.Content, values Values) hcl.Diagnostics {
	attr, ok := c.Attrs["default"]
	if !ok || len(attr.Expr.Variables()) > 0 {
		return nil
	}
	val, diags := expr.Default(attr.Expr, values.getenv)
	if diags.HasErrors() {
		return nil
	}
	v.Secrets = append(v.Secrets, secrets(val)...)
	if !written(val) {
		return nil
	}
	return hcl.Diagnostics{{
		Severity: hcl.DiagWarning, Summary: "Secret in the suite", Subject: &v.Range,
		Detail: fmt.Sprintf("The default of %q is sensitive and stands in the suite, which is copied into the folder of every run. Read it from the environment with default = env(%q), or leave the default out.",
			v.Name, strings.ToUpper(v.Name)),
	}}
}

// secrets are the texts in a value.
func secrets(v cty.Value) []block.Text {
	var out []block.Text
	_ = cty.Walk(v, func(_ cty.Path, part cty.Value) (bool, error) {
		if part, _ = part.Unmark(); part.Type() == cty.String && part.IsKnown() && !part.IsNull() {
			out = append(out, block.NewText(part.Mark(block.Sensitive)))
		}
		return true, nil
	})
	return out
}

// written says whether a value has a text in it that was written down: none that is empty, or read from the environment.
func written(v cty.Value) bool {
	found := false
	_ = cty.Walk(v, func(_ cty.Path, part cty.Value) (bool, error) {
		if part.HasMark(block.Impure) {
			return false, nil
		}
		plain, _ := part.Unmark()
		found = found || plain.Type() == cty.String && plain.IsKnown() && !plain.IsNull() && plain.AsString() != ""
		return true, nil
	})
	return found
}
