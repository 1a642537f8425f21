// Package variable decodes the inputs of a suite and finds their values: on the command line, in files of values, in
// the environment, or by default.
//
// Its invariant: the nearest source wins (-var, -var-file, *.auto.hclvars, INFERENCEX_VAR_x, default), and no message
// shows the value of a sensitive variable.
package variable

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite/expr"
)

// Variable is an input of the suite.
type Variable struct {
	Name        string
	Module      string // the path of the module that declares it: "x.y"; empty for the suite
	Description string
	Value       cty.Value // marked where sensitive, or read from the environment by its default
	Source      Source    // who gave the value
	Overrode    []Source  // who gave one too, or the default, the nearest first
	Sensitive   bool
	Nullable    bool // null is a value; where it is not, null stands for the default
	Range       hcl.Range
	Secrets     []block.Text // of a sensitive variable: the texts of its value, whether or not that fits, and of a default that stands in the suite
}

// Block is the schema of a variable block.
func Block() block.Block {
	return block.Block{Kind: "variable", Labels: []string{"name"}, Many: true, Body: block.Body{
		Doc: "An input of the suite, given with -var, in a file of values, or in the environment.",
		Args: []block.Arg{
			{Name: "type", Type: cty.DynamicPseudoType, Lazy: true, Doc: "string, number, bool, list(…), map(…), object({…}); anything when omitted."},
			{Name: "default", Type: cty.DynamicPseudoType, Lazy: true, Doc: "The value when none is given. The one place that may call env."},
			{Name: "description", Type: cty.String, Doc: "What the variable is for."},
			{Name: "sensitive", Type: cty.Bool, Default: cty.False, Doc: "The value is never shown, stored or part of a key."},
			{Name: "nullable", Type: cty.Bool, Default: cty.True, Doc: "Null may be given; where it may not, null stands for the default."},
			{Name: "deprecated", Type: cty.String, Doc: "What to use instead; who gives a value is warned."},
		},
		Blocks: []block.Block{{Kind: "validation", Many: true, Body: block.Body{
			Doc: "A rule that the value must satisfy.",
			Args: []block.Arg{
				{Name: "condition", Type: cty.Bool, Required: true, Lazy: true, Doc: "An expression that is true for good values."},
				{Name: "error_message", Type: cty.String, Required: true, Lazy: true, Doc: "What to tell the user otherwise."},
			},
		}}},
	}}
}

// Declare decodes a variable block. The declaration gives the variable its value when it is evaluated, and then holds
// it against the rules, whose expressions eval evaluates.
func Declare(blk *hcl.Block, values Values, eval block.Eval) (*Variable, expr.Declaration, hcl.Diagnostics) {
	c, diags := Block().DecodeBlock(blk, nil) // constants only: a variable is known before anything else
	v := &Variable{
		Name: blk.Labels[0], Description: block.String(c.Value, "description"),
		Value: cty.DynamicVal, Sensitive: block.Bool(c.Value, "sensitive"), Nullable: block.Bool(c.Value, "nullable"), Range: blk.DefRange,
	}
	d := expr.Declaration{
		Eval: func() (cty.Value, hcl.Diagnostics) {
			var diags hcl.Diagnostics
			v.Value, diags = v.evaluate(c, values)
			return v.Value, diags
		},
		Check: func() hcl.Diagnostics { return v.validate(c, eval) },
	}
	return v, d, diags
}

// evaluate finds the value, converts it to the declared type, and marks it if it is sensitive.
func (v *Variable) evaluate(c *block.Content, values Values) (cty.Value, hcl.Diagnostics) {
	ty, defaults, diags := cty.DynamicPseudoType, (*typeexpr.Defaults)(nil), hcl.Diagnostics(nil)
	if attr, ok := c.Attrs["type"]; ok {
		if ty, defaults, diags = constraint(attr.Expr); diags.HasErrors() {
			return cty.DynamicVal, diags
		}
	}
	if c.Broken {
		return cty.DynamicVal, diags
	}
	raw, at, diags := v.raw(c, ty, values)
	if v.Sensitive {
		v.Secrets = secrets(raw)
		diags = append(diags, v.writtenSecret(c, values)...)
	}
	if diags.HasErrors() {
		return cty.DynamicVal, diags
	}
	if defaults != nil && !raw.IsNull() {
		raw = defaults.Apply(raw)
	}
	val, err := convert.Convert(raw, ty)
	if err != nil {
		return cty.DynamicVal, diags.Append(v.misfit(at, misfit(raw, ty, err, v.Sensitive)))
	}
	diags = append(diags, v.leftOut(raw, ty, at)...)
	if val.IsNull() && !v.Nullable {
		return cty.DynamicVal, diags.Append(v.misfit(at, fmt.Errorf("it is null, which the variable refuses (nullable = false)")))
	}
	if v.Sensitive {
		val = val.Mark(block.Sensitive)
	}
	return val, diags
}

// leftOut warns of attributes of a value that the declared type does not have: most often one that may be left out, and is misspelt. What
// a module is given may have more than it asks for.
func (v *Variable) leftOut(raw cty.Value, ty cty.Type, at *hcl.Range) hcl.Diagnostics {
	if v.Sensitive || strings.HasPrefix(v.Source.By, "module ") {
		return nil
	}
	var diags hcl.Diagnostics
	for _, stray := range strays(raw, ty, "") {
		d := &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Attribute left out", Subject: at}
		if at == nil {
			d.Subject = &v.Range
		}
		d.Detail = fmt.Sprintf("The declared type of %q (%s) has no %s", v.Name, v.Source.By, stray)
		diags = diags.Append(d)
	}
	return diags
}

// raw is the value as given, or the default, and where it stands.
func (v *Variable) raw(c *block.Content, ty cty.Type, values Values) (cty.Value, *hcl.Range, hcl.Diagnostics) {
	given := values.For(v.Name)
	attr, hasDefault := c.Attrs["default"]
	for _, g := range given {
		v.Overrode = append(v.Overrode, g.Source)
	}
	if hasDefault {
		v.Overrode = append(v.Overrode, Source{"default", attr.Range})
	}
	if len(v.Overrode) == 0 {
		return cty.DynamicVal, nil, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Missing variable value", Subject: &c.Range,
			Detail: fmt.Sprintf("%q has no default and no value. %s", v.Name, values.advice(v.Name)),
		}}
	}
	v.Source, v.Overrode = v.Overrode[0], v.Overrode[1:]
	if len(given) == 0 {
		return v.fallback(attr, values)
	}
	val, at, diags := v.given(c, given[0], v.written(ty, attr, values))
	if diags.HasErrors() || v.Nullable || !hasDefault || !val.IsNull() {
		return val, at, diags
	}
	val, at, more := v.fallback(attr, values)
	return val, at, append(diags, more...)
}

// written is the type by which a text that is given is read. Where none is declared, but the default is a list or an object, the text is
// one too.
func (v *Variable) written(ty cty.Type, attr *hcl.Attribute, values Values) cty.Type {
	if ty != cty.DynamicPseudoType || attr == nil || len(attr.Expr.Variables()) > 0 {
		return ty
	}
	if fallback, diags := expr.Default(attr.Expr, values.getenv); !diags.HasErrors() && !fallback.IsNull() && !fallback.Type().IsPrimitiveType() {
		return fallback.Type()
	}
	return ty
}

// given is the value of the nearest source.
func (v *Variable) given(c *block.Content, g Given, ty cty.Type) (cty.Value, *hcl.Range, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	if advice := block.String(c.Value, "deprecated"); advice != "" {
		diags = diags.Append(&hcl.Diagnostic{
			Severity: hcl.DiagWarning, Summary: "Deprecated variable", Subject: &c.Range,
			Detail: fmt.Sprintf("%q has a value (%s), but is deprecated: %s", v.Name, v.Source.By, advice),
		})
	}
	val, more, err := g.Value(ty)
	if err != nil {
		return cty.DynamicVal, nil, diags.Append(v.misfit(g.Range(), err))
	}
	return val, g.Range(), append(diags, more...)
}

// fallback is the value of the default.
func (v *Variable) fallback(attr *hcl.Attribute, values Values) (cty.Value, *hcl.Range, hcl.Diagnostics) {
	if refs := attr.Expr.Variables(); len(refs) > 0 {
		return cty.DynamicVal, nil, hcl.Diagnostics{{
			Severity: hcl.DiagError, Summary: "Reference in default", Subject: refs[0].SourceRange().Ptr(),
			Detail: "The default of a variable is known before everything else, so it cannot refer to anything. Use a local value for what is computed.",
		}}
	}
	val, diags := expr.Default(attr.Expr, values.getenv)
	if diags.HasErrors() && v.Sensitive { // a function's words may quote what it read from the environment
		return cty.DynamicVal, nil, hcl.Diagnostics{v.misfit(nil, fmt.Errorf("its expression has an error, which is not shown because the variable is sensitive"))}
	}
	return val, attr.Expr.Range().Ptr(), diags
}

// misfit reports a value that is not of the declared type. The source line of a sensitive value is not shown.
func (v *Variable) misfit(at *hcl.Range, err error) *hcl.Diagnostic {
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Wrong variable value", Subject: at}
	d.Detail = fmt.Sprintf("The value of %q (%s) does not fit: %s.", v.Name, v.Source.By, err)
	if v.Sensitive || at == nil {
		d.Subject = &v.Range
	}
	return d
}

// validate holds the value against the variable's own rules.
func (v *Variable) validate(c *block.Content, eval block.Eval) hcl.Diagnostics {
	var diags hcl.Diagnostics
	if !v.Value.IsWhollyKnown() {
		return nil
	}
	for _, rule := range c.Blocks["validation"] {
		if rule.Broken {
			continue
		}
		condition := block.Arg{Name: "condition", Type: cty.Bool, Required: true, Secret: true, Doc: "An expression that is true for good values."}
		ok, conditionDiags := condition.Decode(rule.Attrs["condition"].Expr, eval)
		diags = append(diags, conditionDiags...)
		if ok, _ = ok.Unmark(); !ok.IsKnown() || ok.True() {
			continue
		}
		message := block.Arg{Name: "error_message", Type: cty.String, Required: true, Secret: true, Doc: "What to tell the user."}
		text, messageDiags := message.Decode(rule.Attrs["error_message"].Expr, eval)
		diags = append(diags, messageDiags...)
		if !text.IsKnown() {
			continue
		}
		detail := block.NewText(text).Reveal()
		if block.HasSecret(text) {
			detail = "The rule's message is not shown, because a sensitive value is part of it."
		}
		diags = diags.Append(&hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Invalid variable value", Subject: rule.Attrs["condition"].Expr.Range().Ptr(),
			Detail: fmt.Sprintf("The value of %q (%s) breaks this rule: %s", v.Name, v.Source.By, detail),
		})
	}
	return diags
}
