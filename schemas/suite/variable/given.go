package variable

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
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

// Source is who gave a value.
type Source struct {
	By    string    // "-var", "-var-file x.hclvars", "x.auto.hclvars", "env INFERENCEX_VAR_x", "module x" or "default"
	Range hcl.Range // where the value stands; no file for -var and the environment
}

// String is the source with its place: "default at suite.hcl:12", "-var-file x.hclvars line 3".
func (s Source) String() string {
	switch {
	case s.Range.Filename == "":
		return s.By
	case strings.HasSuffix(s.By, s.Range.Filename):
		return fmt.Sprintf("%s line %d", s.By, s.Range.Start.Line)
	}
	return fmt.Sprintf("%s at %s", s.By, block.Place(s.Range))
}

// Given is a value as somebody gave it.
type Given struct {
	Source Source
	text   string // of -var and the environment
	expr   hcl.Expression
	eval   block.Eval // of expr; constants only where it is nil
}

// Values is what all sources gave.
type Values struct {
	byName map[string][]Given // the nearest source last
	getenv func(string) string
	module string // whose inputs these are; empty for the suite
}

// Inputs are the values that a module block gives, by expressions that may refer to things of the one who calls.
func Inputs(module string, attrs map[string]*hcl.Attribute, declared []string, getenv func(string) string, eval block.Eval) (Values, hcl.Diagnostics) {
	out := Values{byName: map[string][]Given{}, getenv: getenv, module: module}
	var diags hcl.Diagnostics
	for name, attr := range attrs {
		if !slices.Contains(declared, name) {
			detail := fmt.Sprintf("Module %q declares no variable %q", module, name) + block.Hint(name, declared)
			if name == "for_each" || name == "count" {
				detail = fmt.Sprintf("A module is taken in once and has no %s. Write a module block for each, or use for_each in its benchmarks.", name)
			}
			diags = diags.Append(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unknown module input", Subject: attr.NameRange.Ptr(), Detail: detail})
			continue
		}
		out.byName[name] = []Given{{Source: Source{"module " + module, attr.NameRange}, expr: attr.Expr, eval: eval}}
	}
	return out, diags
}

// Read collects the values of all sources and reports those for variables that are not declared: an error where the
// user named the variable, a warning in a file that may serve several suites.
func Read(src Sources, declared []string) (Values, hcl.Diagnostics) {
	known := map[string]bool{}
	for _, name := range declared {
		known[name] = true
	}
	out := Values{byName: map[string][]Given{}, getenv: src.Getenv}
	var diags hcl.Diagnostics
	for _, f := range src.Files {
		attrs, fileDiags := f.Body.JustAttributes()
		for _, d := range fileDiags {
			if strings.HasPrefix(d.Summary, "Unexpected \"") {
				d.Detail = "A file of values has lines of the form name = value and no blocks. What declares variables belongs into the suite."
			}
		}
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
			out.byName[name] = append(out.byName[name], Given{Source: Source{from, attr.NameRange}, expr: attr.Expr})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(src.Vars)) {
		if !known[name] {
			diags = diags.Append(undeclared(name, declared, nil, hcl.DiagError))
			continue
		}
		out.byName[name] = append(out.byName[name], Given{Source: Source{By: "-var"}, text: src.Vars[name]})
	}
	return out, diags
}

func undeclared(name string, declared []string, at *hcl.Range, severity hcl.DiagnosticSeverity) *hcl.Diagnostic {
	detail := fmt.Sprintf("A value is given for %q, but the suite declares no such variable", name) + block.Hint(name, declared)
	return &hcl.Diagnostic{Severity: severity, Summary: "Undeclared variable", Detail: detail, Subject: at}
}

// For lists the values given for a variable, the nearest source first. An empty environment variable gives none.
func (v Values) For(name string) []Given {
	given := slices.Clone(v.byName[name])
	slices.Reverse(given)
	if s := v.getenv(EnvPrefix + name); s != "" && v.module == "" {
		given = append(given, Given{Source: Source{By: "env " + EnvPrefix + name}, text: s})
	}
	return given
}

// advice says how a value can be given.
func (v Values) advice(name string) string {
	if v.module != "" {
		return fmt.Sprintf("Give it in the block of module %q: %s = VALUE.", v.module, name)
	}
	return fmt.Sprintf("Give it with -var %s=VALUE, in a file with -var-file, or in the environment as %s%s.", name, EnvPrefix, name)
}

// Value evaluates what was given for a variable of a type. Text for a string, number or bool, or where no type is
// declared, stands for itself; for other types it is an expression such as [1, 2]. The error is a constant's; what is
// wrong with an expression that may refer to something is in the diagnostics.
func (g Given) Value(ty cty.Type) (cty.Value, hcl.Diagnostics, error) {
	e := g.expr
	if g.eval != nil {
		v, _, diags := g.eval(e)
		return v, diags, nil
	}
	if e == nil {
		if ty.IsPrimitiveType() || ty == cty.DynamicPseudoType {
			return cty.StringVal(g.text), nil, nil
		}
		var diags hcl.Diagnostics
		if e, diags = hclsyntax.ParseExpression([]byte(g.text), "value", hcl.InitialPos); diags.HasErrors() {
			return cty.DynamicVal, nil, fmt.Errorf("it is not written as in a suite, such as %s", example(ty))
		}
	}
	v, diags := e.Value(nil)
	if diags.HasErrors() {
		return cty.DynamicVal, nil, fmt.Errorf("it must be a constant, without references and function calls, and with every text in quotes")
	}
	return v, nil, nil
}

// Range is where the value stands, if it stands in a file.
func (g Given) Range() *hcl.Range {
	if g.expr == nil {
		return nil
	}
	return g.expr.Range().Ptr()
}
