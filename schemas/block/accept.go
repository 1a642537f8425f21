package block

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Problem says why a value was refused.
type Problem struct{ Summary, Detail string }

// At is the problem as a diagnostic. A value that breaks a rule is shown with the variables it comes from.
func (p *Problem) At(expr hcl.Expression, ctx *hcl.EvalContext) *hcl.Diagnostic {
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: p.Summary, Detail: p.Detail, Subject: expr.Range().Ptr()}
	if at := expr.Range(); strings.HasSuffix(at.Filename, ".json") && (p.Summary == "Wrong type" || p.Summary == "Reference expected") {
		// In this syntax even what was meant as an expression is a text.
		if v, diags := expr.Value(nil); !diags.HasErrors() && v.Type() == cty.String && v.IsKnown() && !v.IsNull() && strings.ContainsAny(v.AsString(), ".([<>=!&|+*") {
			d.Detail = strings.TrimSuffix(d.Detail, " Write it without the quotes.") + " In JSON, a reference or another expression stands in ${}: \"${...}\"."
		}
	}
	switch p.Summary {
	case brokenRule:
		d.Expression, d.EvalContext = Unbind(expr, ctx)
	case impureValue:
		name := impureVariable(expr, ctx)
		d.Detail += fmt.Sprintf(" Pass the value with -var %s=VALUE or in the environment as INFERENCEX_VAR_%s, where the plan shows it; env() is for secrets, and for what is only recorded.", name, name)
	}
	return d
}

// Invalid is the problem of a value that breaks a rule of its argument, or of several of its elements that do: errors that are joined.
func Invalid(name string, err error) *Problem {
	var sentences []string
	for _, one := range strings.Split(err.Error(), "\n") {
		sentences = append(sentences, sentence(one))
	}
	return &Problem{brokenRule, fmt.Sprintf("%q: %s", name, strings.Join(sentences, " "))}
}

// brokenRule is the summary for a value of the right type that does not satisfy its argument.
const brokenRule = "Invalid value"

// Accept converts a value to the argument's type and holds it against the argument's rules. Unknown values pass: the
// error that made them unknown has been reported. Marks stay where they are allowed at all.
func (a Arg) Accept(v cty.Value) (cty.Value, *Problem) {
	unknown := cty.UnknownVal(a.valueType())
	refuse := func(summary, format string, args ...any) (cty.Value, *Problem) {
		return unknown, &Problem{summary, fmt.Sprintf(format, args...)}
	}
	if problem := a.refuseMarks(v); problem != nil {
		return unknown, problem
	}
	if a.Secret {
		v = seal(v)
	}
	secret := HasSecret(v)
	conv, err := convert.Convert(v, a.Type)
	switch {
	case err != nil:
		return refuse("Wrong type", "%q takes %s, %s.", a.Name, a.want(), mismatch(v, a.Type, err))
	case !conv.IsWhollyKnown():
		return unknown, nil
	case conv.IsNull() && a.Required:
		return refuse("Missing required argument", "%q is null, but needed: %s", a.Name, inSentence(a.Doc))
	case conv.IsNull():
		return a.omitted(), nil
	}
	plain, _ := conv.UnmarkDeep()
	if err := a.check(plain); err != nil && secret {
		return refuse(brokenRule, "%q has a sensitive value that does not fit: %s", a.Name, inSentence(a.Doc))
	} else if err != nil {
		return unknown, Invalid(a.Name, err)
	}
	return a.canonical(conv), nil
}

// check holds a known, plain value against everything but its type.
func (a Arg) check(v cty.Value) error {
	if v.Type().IsListType() || v.Type().IsSetType() {
		for it := v.ElementIterator(); it.Next(); {
			if _, e := it.Element(); e.IsNull() {
				return fmt.Errorf("an element is null; leave it out")
			}
		}
	}
	if err := a.checkUnit(v); err != nil {
		return err
	}
	if err := a.checkOneOf(v); err != nil {
		return err
	}
	if err := a.checkBounds(v); err != nil {
		return err
	}
	if a.Check != nil {
		return a.Check(v)
	}
	return nil
}

// want says in words what kind of value the argument takes.
func (a Arg) want() string {
	switch {
	case a.Format == Duration:
		return `a duration such as "20m"`
	case a.Format == Percent:
		return `a percentage such as "1%"`
	case a.Ref != "":
		return "a reference to " + Article(a.Ref)
	}
	return Article(a.Type.FriendlyNameForConstraint())
}

// mismatch says what was found. The conversion's own words are better where the fault lies inside a collection.
func mismatch(v cty.Value, want cty.Type, err error) string {
	got := v.Type()
	if want.IsPrimitiveType() || got.IsPrimitiveType() {
		return "but " + found(v)
	}
	return "but " + Fault(err)
}

// mostQuoted is how much of a text a message repeats.
const mostQuoted = 40

// found says what a value is: a short text itself, unless it is secret.
func found(v cty.Value) string {
	if v.Type() == cty.String && !v.IsMarked() && v.IsKnown() && !v.IsNull() && len(v.AsString()) <= mostQuoted {
		return fmt.Sprintf("%q is a string", v.AsString())
	}
	return "this is " + Noun(v.Type())
}

// Fault is why a value could not be converted, with the place of the fault inside of the value: "in [1].kind, a string is required".
func Fault(err error) string {
	var inside cty.PathError
	if !errors.As(err, &inside) || len(inside.Path) == 0 {
		return err.Error()
	}
	var at strings.Builder
	for i, step := range inside.Path {
		switch step := step.(type) {
		case cty.GetAttrStep:
			if i > 0 {
				at.WriteByte('.')
			}
			at.WriteString(step.Name)
		case cty.IndexStep:
			switch key := step.Key; {
			case key.Type() == cty.Number:
				fmt.Fprintf(&at, "[%s]", Number(key))
			case key.Type() == cty.String:
				fmt.Fprintf(&at, "[%q]", key.AsString())
			}
		}
	}
	return fmt.Sprintf("in %s, %s", at.String(), err)
}

// Noun names a type as its writer would: "a list", "a string", "an object".
func Noun(ty cty.Type) string {
	switch {
	case ty.IsTupleType():
		return "a list"
	case ty == cty.DynamicPseudoType:
		return "null"
	}
	return Article(ty.FriendlyName())
}

// inSentence is an argument's description as it goes on after a colon.
func inSentence(doc string) string {
	if len(doc) > 1 && (doc[1] == ' ' || doc[1] >= 'a' && doc[1] <= 'z') {
		return strings.ToLower(doc[:1]) + doc[1:]
	}
	return doc
}

// sentence ends a message with a full stop if it has no end.
func sentence(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// Article puts "a" or "an" before a noun.
func Article(noun string) string {
	if noun != "" && strings.ContainsRune("aeio", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}
