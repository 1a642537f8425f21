package block

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Eval gives an expression's value. Where it reports an error the value is unknown. The context, which may be nil, is
// what a diagnostic shows the values of variables from.
type Eval func(hcl.Expression) (cty.Value, *hcl.EvalContext, hcl.Diagnostics)

// Constant is the Eval of a place where nothing can be referred to.
func Constant(expr hcl.Expression) (cty.Value, *hcl.EvalContext, hcl.Diagnostics) {
	v, diags := expr.Value(nil)
	for _, d := range diags {
		if d.Summary == "Variables not allowed" || d.Summary == "Function calls not allowed" {
			d.Detail = "Only a constant can stand here: it is needed before anything that it could refer to has a value."
		}
	}
	return v, nil, diags
}

// Content is a decoded body.
type Content struct {
	Value  cty.Value                 // an object as Body.Type says
	Attrs  map[string]*hcl.Attribute // the arguments as written
	Blocks map[string][]*Content     // nested blocks by kind, in source order
	Labels []string
	Range  hcl.Range // the block's header
	Broken bool      // an error was reported, or something unknown was used
}

// Only is the nested block of a kind that stands at most once, or nil.
func (c *Content) Only(kind string) *Content {
	if len(c.Blocks[kind]) == 0 {
		return nil
	}
	return c.Blocks[kind][0]
}

// ArgRange is where an argument's value stands, or the block's header if it is omitted.
func (c *Content) ArgRange(name string) hcl.Range {
	if a, ok := c.Attrs[name]; ok {
		return a.Expr.Range()
	}
	return c.Range
}

// DecodeBlock decodes the body of a block of this kind.
func (b Block) DecodeBlock(blk *hcl.Block, eval Eval) (*Content, hcl.Diagnostics) {
	c, diags := b.Body.decode(blk.Body, blk.DefRange, b.Kind+" block", eval)
	c.Labels = blk.Labels
	return c, diags
}

// Decode decodes a body that is not a block's own. A nil eval accepts constants only.
func (b Body) Decode(body hcl.Body, eval Eval) (*Content, hcl.Diagnostics) {
	return b.decode(body, body.MissingItemRange(), "body", eval)
}

func (b Body) decode(body hcl.Body, header hcl.Range, what string, eval Eval) (*Content, hcl.Diagnostics) {
	if eval == nil {
		eval = Constant
	}
	c := &Content{Attrs: map[string]*hcl.Attribute{}, Blocks: map[string][]*Content{}, Range: header}
	diags := b.split(c, body, eval)
	attrs := map[string]cty.Value{}
	for _, a := range b.Args {
		attr, written := c.Attrs[a.Name]
		switch {
		case !written && a.Required:
			diags = diags.Append(a.missing(header, what))
			attrs[a.Name] = cty.UnknownVal(a.valueType())
		case !written:
			attrs[a.Name] = a.omitted()
		case !a.Lazy:
			v, argDiags := a.Decode(attr.Expr, eval)
			diags = append(diags, argDiags...)
			attrs[a.Name] = v
		}
		if a.Lazy {
			delete(attrs, a.Name)
		} else if !attrs[a.Name].IsWhollyKnown() {
			c.Broken = true
		}
	}
	c.Value = cty.ObjectVal(attrs)
	c.Broken = c.Broken || diags.HasErrors()
	return c, diags
}

// split takes the body apart and decodes the nested blocks.
func (b Body) split(c *Content, body hcl.Body, eval Eval) hcl.Diagnostics {
	if b.Open {
		attrs, diags := body.JustAttributes()
		c.Attrs = attrs
		return diags
	}
	raw, diags := body.Content(b.schema())
	c.Attrs = raw.Attributes
	blocks, known, dynamicDiags := b.expand(raw.Blocks, eval)
	diags = append(diags, dynamicDiags...)
	c.Broken = !known
	for _, blk := range blocks {
		def, _ := b.nested(blk.Type)
		if before := c.Blocks[blk.Type]; len(before) > 0 && !def.Many {
			diags = diags.Append(Duplicate(blk.Type, blk.DefRange, before[0].Range))
			continue
		}
		nested, nestedDiags := def.DecodeBlock(blk, eval)
		diags = append(diags, nestedDiags...)
		c.Blocks[blk.Type] = append(c.Blocks[blk.Type], nested)
	}
	return diags
}

// Duplicate says that a block that may stand once, or a name that may be taken once, comes again.
func Duplicate(what string, again, first hcl.Range) *hcl.Diagnostic {
	return &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  "Duplicate " + what,
		Detail:   fmt.Sprintf("There is one already at %s. Take one of the two out, or give it a name of its own.", Place(first)),
		Subject:  &again,
	}
}

// Place is where something starts, for messages: "suite.hcl:12".
func Place(r hcl.Range) string { return fmt.Sprintf("%s:%d", r.Filename, r.Start.Line) }

func (a Arg) missing(at hcl.Range, what string) *hcl.Diagnostic {
	return &hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  "Missing required argument",
		Detail:   fmt.Sprintf("This %s needs %q: %s", what, a.Name, inSentence(a.Doc)),
		Subject:  &at,
	}
}

// Decode evaluates one expression by the rules of an argument. The value is unknown where a diagnostic was an error.
func (a Arg) Decode(expr hcl.Expression, eval Eval) (cty.Value, hcl.Diagnostics) {
	v, ctx, diags := eval(expr)
	if diags.HasErrors() {
		return cty.UnknownVal(a.valueType()), diags
	}
	v, problem := a.Accept(v)
	if problem != nil {
		diags = diags.Append(problem.At(expr, ctx))
	}
	return v, diags
}
