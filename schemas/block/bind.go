package block

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Bind is a body whose expressions can refer to further names, such as each in a benchmark with for_each.
func Bind(body hcl.Body, names map[string]cty.Value) hcl.Body {
	return boundBody{body, names}
}

type boundBody struct {
	hcl.Body
	names map[string]cty.Value
}

func (b boundBody) Content(schema *hcl.BodySchema) (*hcl.BodyContent, hcl.Diagnostics) {
	c, diags := b.Body.Content(schema)
	return b.bind(c), diags
}

func (b boundBody) PartialContent(schema *hcl.BodySchema) (*hcl.BodyContent, hcl.Body, hcl.Diagnostics) {
	c, rest, diags := b.Body.PartialContent(schema)
	return b.bind(c), boundBody{rest, b.names}, diags
}

func (b boundBody) JustAttributes() (hcl.Attributes, hcl.Diagnostics) {
	attrs, diags := b.Body.JustAttributes()
	return b.attributes(attrs), diags
}

func (b boundBody) bind(c *hcl.BodyContent) *hcl.BodyContent {
	out := *c
	out.Attributes = b.attributes(c.Attributes)
	out.Blocks = make(hcl.Blocks, len(c.Blocks))
	for i, blk := range c.Blocks {
		inner := *blk
		inner.Body = boundBody{blk.Body, b.names}
		out.Blocks[i] = &inner
	}
	return &out
}

func (b boundBody) attributes(attrs hcl.Attributes) hcl.Attributes {
	out := hcl.Attributes{}
	for name, attr := range attrs {
		inner := *attr
		inner.Expr = BindExpr(attr.Expr, b.names)
		out[name] = &inner
	}
	return out
}

// BindExpr is an expression that can refer to further names. Its elements, where it is a list or an object that is
// written out, can do so too: that is what the library's own wrapper for dynamic blocks does not do.
func BindExpr(e hcl.Expression, names map[string]cty.Value) hcl.Expression {
	return boundExpr{e, names}
}

type boundExpr struct {
	hcl.Expression
	names map[string]cty.Value
}

// Unbind gives an expression and the context in which all its names are known, for explaining what is wrong with it.
func Unbind(e hcl.Expression, ctx *hcl.EvalContext) (hcl.Expression, *hcl.EvalContext) {
	bound, ok := e.(boundExpr)
	if !ok {
		return e, ctx
	}
	inner := ctx.NewChild()
	inner.Variables = bound.names
	return Unbind(bound.Expression, inner)
}

// Variables leaves out what is bound: nobody else has to know it.
func (e boundExpr) Variables() []hcl.Traversal {
	var out []hcl.Traversal
	for _, t := range e.Expression.Variables() {
		if _, ours := e.names[t.RootName()]; !ours {
			out = append(out, t)
		}
	}
	return out
}

func (e boundExpr) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	inner := ctx.NewChild()
	inner.Variables = e.names
	return e.Expression.Value(inner)
}

// ExprList is what hcl.ExprList looks for; nil where the expression is no list.
func (e boundExpr) ExprList() []hcl.Expression {
	list, diags := hcl.ExprList(e.Expression)
	if diags.HasErrors() {
		return nil
	}
	out := make([]hcl.Expression, 0, len(list))
	for _, element := range list {
		out = append(out, BindExpr(element, e.names))
	}
	return out
}

// ExprMap is what hcl.ExprMap looks for; nil where the expression is no object.
func (e boundExpr) ExprMap() []hcl.KeyValuePair {
	pairs, diags := hcl.ExprMap(e.Expression)
	if diags.HasErrors() {
		return nil
	}
	out := make([]hcl.KeyValuePair, 0, len(pairs))
	for _, pair := range pairs {
		out = append(out, hcl.KeyValuePair{Key: BindExpr(pair.Key, e.names), Value: BindExpr(pair.Value, e.names)})
	}
	return out
}

// AsTraversal is what hcl.ExprAsKeyword looks for; nil where the expression is no name.
func (e boundExpr) AsTraversal() hcl.Traversal {
	t, diags := hcl.AbsTraversalForExpr(e.Expression)
	if diags.HasErrors() {
		return nil
	}
	return t
}
