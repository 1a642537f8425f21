package suite

import (
	"encoding/json"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// lengths reads an argument of a workload that is a length; ok is false where it is in error or unknown.
func (l *loader) lengths(c *block.Content, name string) (found Lengths, ok bool) {
	v := c.Value.GetAttr(name)
	if !v.IsKnown() || v.IsNull() {
		return Lengths{}, v.IsKnown()
	}
	found, err := l.lengthsOf(v, name)
	if err != nil {
		l.diags = l.diags.Append(block.Invalid(name, err).At(c.Attrs[name].Expr, nil))
	}
	return found, err == nil
}

// lengthsKey is equal for equal lengths.
func lengthsKey(found Lengths) string {
	text, _ := json.Marshal(found) // numbers and text only
	return string(text)
}

// lengthsOf reads a length from a value that is neither null nor unknown.
func (l *loader) lengthsOf(v cty.Value, name string) (Lengths, error) {
	v, _ = v.UnmarkDeep()
	return length.Decode(v, name, l.src.Data)
}
