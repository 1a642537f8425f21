package suite

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// referable is the value of a reference to a block: its arguments, its name, and an id by which it is known again.
// All providers have the same attributes, whatever their type, so that a condition can choose between two types.
func (l *loader) referable(blk *hcl.Block, v cty.Value) cty.Value {
	if blk.Type == "provider" {
		v = providerCommon().Select(v)
	}
	attrs := v.AsValueMap()
	if attrs == nil {
		attrs = map[string]cty.Value{}
	}
	attrs["id"] = cty.StringVal(l.id(blk))
	attrs["name"] = cty.StringVal(blk.Labels[len(blk.Labels)-1])
	if blk.Type == "provider" {
		attrs["type"] = cty.StringVal(blk.Labels[0])
	}
	return cty.ObjectVal(attrs)
}

// id is by what a block is known in the whole suite: "model.m", "module.x.provider.modal.cloud".
func (l *loader) id(blk *hcl.Block) string {
	return l.prefix() + blk.Type + "." + strings.Join(blk.Labels, ".")
}

// reference is the id of the block of a kind that a value refers to. A copy with other values is no reference: what it
// changes would be lost in silence.
func (l *loader) reference(v cty.Value, kind string) (id string, problem *block.Problem) {
	want := fmt.Sprintf("Write a reference such as %s.NAME", kind)
	if kind == "provider" {
		want = "Write a reference such as provider.TYPE.NAME"
	}
	v, _ = v.Unmark()
	ty := v.Type()
	if ty == cty.String && v.IsKnown() && !v.IsNull() && strings.HasPrefix(v.AsString(), kind+".") {
		return "", &block.Problem{Summary: "Reference expected", Detail: fmt.Sprintf("%s is expected here, but %q is a string. Write it without the quotes.", capital(block.Article(kind)), v.AsString())}
	}
	if !ty.IsObjectType() || !ty.HasAttribute("id") || v.GetAttr("id").Type() != cty.String || !v.GetAttr("id").IsKnown() || v.GetAttr("id").IsNull() {
		return "", &block.Problem{Summary: "Reference expected", Detail: fmt.Sprintf("%s is expected here, but this is %s. %s.", capital(block.Article(kind)), block.Noun(ty), want)}
	}
	inner, _ := v.GetAttr("id").Unmark()
	id = inner.AsString()
	owner, address := l.find(id)
	found, _, _ := strings.Cut(address, ".")
	declared, ok := owner.scope.Lookup(address)
	switch {
	case !ok:
		return "", &block.Problem{Summary: "Reference expected", Detail: fmt.Sprintf("%s is expected here, but this is an object that only looks like one. %s.", capital(block.Article(kind)), want)}
	case found != kind:
		return "", &block.Problem{Summary: "Wrong reference", Detail: fmt.Sprintf("%s is %s, but %s is expected here. %s.", id, block.Article(found), block.Article(kind), want)}
	case declared.IsKnown() && !same(declared, v):
		return "", &block.Problem{Summary: "Changed reference", Detail: fmt.Sprintf("This is %s with other values, which would be ignored. Declare another %s block, or vary it in the matrix.", id, kind)}
	}
	return id, nil
}

func same(a, b cty.Value) bool {
	a, _ = a.UnmarkDeep()
	b, _ = b.UnmarkDeep()
	return a.RawEquals(b)
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
