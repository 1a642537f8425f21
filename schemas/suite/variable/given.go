package variable

import (
	"fmt"
	"sort"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/suite/block"
	"github.com/strangeloopio/inferencex/schemas/suite/source"
)

// EnvPrefix precedes a variable's name in the environment.
const EnvPrefix = "INFERENCEX_VAR_"

// Sources is where values come from.
type Sources struct {
	Vars   map[string]string // -var name=value
	Files  []source.Values   // a later one wins
	Getenv func(string) string
}

// Given is a value as somebody gave it.
type Given struct {
	Source string // "-var", "-var-file prod.hclvars", "INFERENCEX_VAR_x"
	text   string // of -var and the environment
	expr   hcl.Expression
}

// Values is what all sources gave.
type Values struct {
	byName map[string]Given
	getenv func(string) string
}

// Read collects the values of all sources and reports those for variables that are not declared: an error where the
// user named the variable, a warning in a file that may serve several suites.
func Read(src Sources, declared []string) (Values, hcl.Diagnostics) {
	known := map[string]bool{}
	for _, name := range declared {
		known[name] = true
	}
	out := Values{byName: map[string]Given{}, getenv: src.Getenv}
	var diags hcl.Diagnostics
	for _, f := range src.Files {
		attrs, fileDiags := f.Body.JustAttributes()
		diags = append(diags, fileDiags...)
		from := f.Name
		if !f.Auto {
			from = "-var-file " + f.Name
		}
		for name, attr := range attrs {
			if !known[name] {
				diags = diags.Append(undeclared(name, declared, attr.NameRange.Ptr(), hcl.DiagWarning))
				continue
			}
			out.byName[name] = Given{Source: from, expr: attr.Expr}
		}
	}
	for _, name := range sortedNames(src.Vars) {
		if !known[name] {
			diags = diags.Append(undeclared(name, declared, nil, hcl.DiagError))
			continue
		}
		out.byName[name] = Given{Source: "-var", text: src.Vars[name]}
	}
	return out, diags
}

func sortedNames(m map[string]string) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func undeclared(name string, declared []string, at *hcl.Range, severity hcl.DiagnosticSeverity) *hcl.Diagnostic {
	detail := fmt.Sprintf("A value is given for %q, but the suite declares no such variable", name) + block.Hint(name, declared)
	return &hcl.Diagnostic{Severity: severity, Summary: "Undeclared variable", Detail: detail, Subject: at}
}

// For is the value given for a variable, and false if nobody gave one. An empty environment variable gives none.
func (v Values) For(name string) (Given, bool) {
	if g, ok := v.byName[name]; ok {
		return g, true
	}
	if s := v.getenv(EnvPrefix + name); s != "" {
		return Given{Source: EnvPrefix + name, text: s}, true
	}
	return Given{}, false
}

// Value evaluates what was given for a variable of a type. Text for a string, number or bool, or where no type is
// declared, stands for itself; for other types it is an expression such as [1, 2].
func (g Given) Value(ty cty.Type) (cty.Value, error) {
	e := g.expr
	if e == nil {
		if ty.IsPrimitiveType() || ty == cty.DynamicPseudoType {
			return cty.StringVal(g.text), nil
		}
		var diags hcl.Diagnostics
		if e, diags = hclsyntax.ParseExpression([]byte(g.text), "value", hcl.InitialPos); diags.HasErrors() {
			return cty.DynamicVal, fmt.Errorf("it is not written as a value of type %s", ty.FriendlyName())
		}
	}
	v, diags := e.Value(nil)
	if diags.HasErrors() {
		return cty.DynamicVal, fmt.Errorf("it must be a constant: no references and no function calls")
	}
	return v, nil
}

// Range is where the value stands, if it stands in a file.
func (g Given) Range() *hcl.Range {
	if g.expr == nil {
		return nil
	}
	return g.expr.Range().Ptr()
}
