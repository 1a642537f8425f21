package block

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// mostDynamic bounds the blocks that one dynamic block makes.
const mostDynamic = 1000

// Dynamic is the kind of block that makes nested blocks from the elements of a collection.
const Dynamic = "dynamic"

// DynamicBlock is what may stand in one: see Body.Blocks for what its content is.
func DynamicBlock() Block {
	return Block{Kind: Dynamic, Labels: []string{"kind"}, Many: true, Body: Body{
		Doc: "Makes a nested block of its label's kind for each element of a collection.",
		Args: []Arg{
			{Name: "for_each", Type: cty.DynamicPseudoType, Required: true, Lazy: true, Doc: "The list, set, map or object to go over."},
			{Name: "iterator", Type: cty.DynamicPseudoType, Lazy: true, Doc: "The name by which the content refers to .key and .value; the kind of block when omitted."},
			{Name: "labels", Type: cty.List(cty.String), Lazy: true, Doc: "The labels of the block that is made."},
		},
		Blocks: []Block{{Kind: "content", Body: Body{Doc: "What stands in each block.", Open: true}}},
	}}
}

// expand puts the blocks that dynamic blocks make in their place. known is false if a collection is not known.
func (b Body) expand(blocks hcl.Blocks, eval Eval) (out hcl.Blocks, known bool, diags hcl.Diagnostics) {
	known = true
	for _, blk := range blocks {
		if blk.Type != Dynamic {
			out = append(out, blk)
			continue
		}
		made, ok, dynamicDiags := b.dynamic(blk, eval)
		out, known, diags = append(out, made...), known && ok, append(diags, dynamicDiags...)
	}
	return out, known, diags
}

// dynamic makes the blocks of one dynamic block.
func (b Body) dynamic(blk *hcl.Block, eval Eval) (out hcl.Blocks, known bool, diags hcl.Diagnostics) {
	def, ok := b.nested(blk.Labels[0])
	if !ok {
		return nil, false, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Unsupported block type", Subject: &blk.LabelRanges[0],
			Detail: fmt.Sprintf("No block of type %q is expected here%s", blk.Labels[0], Hint(blk.Labels[0], b.kinds())),
		}}
	}
	raw, diags := blk.Body.Content(&hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "for_each"}, {Name: "iterator"}, {Name: "labels"}},
		Blocks:     []hcl.BlockHeaderSchema{{Type: "content"}},
	})
	forEach, content := raw.Attributes["for_each"], raw.Blocks.OfType("content")
	switch {
	case diags.HasErrors():
		return nil, false, diags
	case forEach == nil:
		return nil, false, diags.Append(DynamicBlock().Body.Args[0].missing(blk.DefRange, "dynamic block"))
	case len(content) != 1:
		return nil, false, diags.Append(&hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "One content block expected", Subject: &blk.DefRange,
			Detail: fmt.Sprintf("A dynamic block has one block named content, with what stands in each %s block; here are %d.", def.Kind, len(content)),
		})
	}
	iterator, nameDiags := iteratorName(raw.Attributes["iterator"], def.Kind)
	items, known, itemDiags := Items(forEach.Expr, "a list, set, map or object", eval)
	diags = append(append(diags, nameDiags...), itemDiags...)
	if !known || diags.HasErrors() {
		return nil, false, diags
	}
	if len(items) > mostDynamic {
		return nil, false, diags.Append(&hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Too many blocks", Subject: forEach.Expr.Range().Ptr(),
			Detail: fmt.Sprintf("The collection has %d elements, and a dynamic block makes at most %d blocks.", len(items), mostDynamic),
		})
	}
	for _, item := range items {
		names := map[string]cty.Value{iterator: item.Object()}
		made := &hcl.Block{Type: def.Kind, Body: Bind(content[0].Body, names), DefRange: blk.DefRange, TypeRange: blk.TypeRange}
		labels, labelDiags := dynamicLabels(raw.Attributes["labels"], def, blk, names, eval)
		diags = append(diags, labelDiags...)
		if made.Labels = labels; len(labels) == len(def.Labels) {
			for range labels {
				made.LabelRanges = append(made.LabelRanges, blk.DefRange)
			}
			out = append(out, made)
		}
	}
	return out, true, diags
}

// iteratorName is the word that the content uses.
func iteratorName(attr *hcl.Attribute, kind string) (string, hcl.Diagnostics) {
	if attr == nil {
		return kind, nil
	}
	name := hcl.ExprAsKeyword(attr.Expr)
	if name == "" {
		return "", hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Invalid iterator name", Subject: attr.Expr.Range().Ptr(),
			Detail: "The iterator is a name without quotes, such as iterator = it; the content then refers to it.value.",
		}}
	}
	return name, nil
}

// dynamicLabels evaluates the labels of one block that is made.
func dynamicLabels(attr *hcl.Attribute, def Block, blk *hcl.Block, names map[string]cty.Value, eval Eval) ([]string, hcl.Diagnostics) {
	labels := Arg{Name: "labels", Type: cty.List(cty.String), Default: cty.ListValEmpty(cty.String)}
	v, at := labels.omitted(), blk.DefRange
	if attr != nil {
		var diags hcl.Diagnostics
		if v, diags = labels.Decode(BindExpr(attr.Expr, names), eval); diags.HasErrors() || !v.IsKnown() {
			return nil, diags
		}
		at = attr.Expr.Range()
	}
	var out []string
	for _, label := range v.AsValueSlice() {
		out = append(out, label.AsString())
	}
	if len(out) != len(def.Labels) {
		return nil, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Wrong number of labels", Subject: &at,
			Detail: fmt.Sprintf("A block of type %s has %d labels, but %d are given. Set labels = [...].", def.Kind, len(def.Labels), len(out)),
		}}
	}
	return out, nil
}

// Item is an element of a collection that is gone over.
type Item struct{ Key, Value cty.Value }

// Object is what a name is bound to, so that .key and .value can be read.
func (i Item) Object() cty.Value {
	return cty.ObjectVal(map[string]cty.Value{"key": i.Key, "value": i.Value})
}

// Items evaluates a collection to go over, which is to be what is said in words. known is false where it is in error or unknown. Its keys
// become part of what is measured, so that it cannot be a secret, nor come from the environment.
func Items(e hcl.Expression, want string, eval Eval) (items []Item, known bool, diags hcl.Diagnostics) {
	v, ctx, diags := eval(e)
	if diags.HasErrors() {
		return nil, false, diags
	}
	plain, _ := v.Unmark() // the elements keep their own marks, and are held against the rules of where they go
	switch problem := (Arg{Name: "for_each", Ref: "collection"}).refuseMarks(v); {
	case problem != nil:
		return nil, false, diags.Append(problem.At(e, ctx))
	case !plain.IsKnown() || plain.Type().IsSetType() && !plain.IsWhollyKnown():
		return nil, false, diags
	case plain.IsNull() || !plain.CanIterateElements():
		return nil, false, diags.Append(&hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Collection expected", Subject: e.Range().Ptr(),
			Detail: fmt.Sprintf("for_each goes over %s, but this is %s.", want, Noun(plain.Type())),
		})
	}
	for it := plain.ElementIterator(); it.Next(); {
		key, value := it.Element()
		items = append(items, Item{key, value})
	}
	return items, true, diags
}
