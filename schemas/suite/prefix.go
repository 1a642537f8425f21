package suite

import (
	"fmt"
	"math"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// checkPrefix takes a number of tokens, or a percentage below 100.
func checkPrefix(v cty.Value) error {
	v = digitsOf(v)
	switch v.Type() {
	case cty.Number:
		return block.Integer(0)(v)
	case cty.String:
		share, err := block.ParsePercent(v.AsString())
		if err == nil && share >= 1 {
			err = fmt.Errorf("%q leaves no prompt a token of its own; write less than 100%%", v.AsString())
		}
		return err
	}
	return fmt.Errorf("%s is no prefix; write a number of tokens, or a percentage of isl such as \"50%%\"", block.Noun(v.Type()))
}

func prefixSchema() map[string]any {
	return map[string]any{"anyOf": []any{
		map[string]any{"type": "integer", "minimum": 0},
		map[string]any{"type": "string", "pattern": `^[0-9.]+%?$`},
	}}
}

// prefixOf reads what checkPrefix has let pass; an unknown value is none.
func prefixOf(v cty.Value) (tokens int, share float64) {
	v, _ = v.Unmark()
	v = digitsOf(v)
	switch {
	case !v.IsKnown() || v.IsNull():
	case v.Type() == cty.Number:
		n, _ := v.AsBigFloat().Int64()
		return int(n), 0
	case v.Type() == cty.String:
		share, _ = block.ParsePercent(v.AsString())
	}
	return 0, share
}

// digitsOf is a text of digits, as variables on the command line are, as the number that other arguments would take it for.
func digitsOf(v cty.Value) cty.Value {
	if n, err := convert.Convert(v, cty.Number); err == nil && v.Type() == cty.String {
		return n
	}
	return v
}

// prefixTokens is a share of an input length, in whole tokens. What comes short of one by the error of a product is one.
func prefixTokens(share float64, isl int) int { return int(math.Floor(share*float64(isl) + 1e-9)) }
