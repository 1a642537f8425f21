// Package blocktest decodes HCL for the tests of those who define a body.
//
// Invariant: what it decodes is what a suite with the same text in a block of that body would hold.
package blocktest

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// Parse decodes HCL text by a body that needs no variables.
func Parse(b block.Body, src string) (cty.Value, error) {
	file, diags := hclsyntax.ParseConfig([]byte(src), "text.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	content, diags := b.Decode(file.Body, nil)
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	return content.Value, nil
}
