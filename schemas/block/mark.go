package block

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// mark is the type of marks on values, so that no other package can make one by accident.
type mark string

// Sensitive marks a value that is never shown, stored or hashed.
const Sensitive = mark("sensitive")

// Impure marks a value that was read from the environment of the process: the same suite has another one elsewhere. It
// may stand where no checkpoint key is made.
const Impure = mark("impure")

// HasSecret says whether any part of a value is sensitive.
func HasSecret(v cty.Value) bool {
	if !v.ContainsMarked() {
		return false
	}
	_, marks := v.UnmarkDeep()
	_, found := marks[Sensitive]
	return found
}

// IsImpure says whether any part of a value was read from the environment.
func IsImpure(v cty.Value) bool {
	if !v.ContainsMarked() {
		return false
	}
	_, marks := v.UnmarkDeep()
	_, found := marks[Impure]
	return found
}

// seal makes secrets of what the environment gave: neither is shown, and neither enters a key.
func seal(v cty.Value) cty.Value {
	plain, marked := v.UnmarkDeepWithPaths()
	for _, m := range marked {
		if _, found := m.Marks[Impure]; found {
			delete(m.Marks, Impure)
			m.Marks[Sensitive] = struct{}{}
		}
	}
	return plain.MarkWithPaths(marked)
}

// refuseMarks says why a value may not stand here because of where it comes from, nil if it may.
func (a Arg) refuseMarks(v cty.Value) *Problem {
	secret, impure := HasSecret(v), IsImpure(v)
	if a.Ref != "" { // what is inside of the block has been held against the block's own rules; the choice of it has not
		secret, impure = v.HasMark(Sensitive), v.HasMark(Impure)
	}
	switch {
	case a.Secret && a.Type.IsMapType() && (v.HasMark(Sensitive) || v.HasMark(Impure)):
		return &Problem{"Sensitive names exposed", fmt.Sprintf("The names in %q are shown, so that only its values can be sensitive. Write the names out: %s = { NAME = ... }.", a.Name, a.Name)}
	case secret && !a.Secret:
		return &Problem{"Sensitive value exposed", fmt.Sprintf("%q is shown in plans and results, so it cannot be sensitive. Use another value, or drop \"sensitive\" from the variable.", a.Name)}
	case impure && !a.Secret && !a.Provenance:
		return &Problem{impureValue, fmt.Sprintf("%q is part of the key under which results are found again, so it cannot come from env(): on another machine the same suite would mean something else.", a.Name)}
	}
	return nil
}

// impureVariable is the name of the variable that brought an impure value into an expression; NAME if it came indirectly.
func impureVariable(expr hcl.Expression, ctx *hcl.EvalContext) string {
	for _, ref := range expr.Variables() {
		if ref.RootName() != "var" || len(ref) < 2 || ctx == nil {
			continue
		}
		step, ok := ref[1].(hcl.TraverseAttr)
		if given := ctx.Variables["var"]; ok && given.Type().IsObjectType() && given.Type().HasAttribute(step.Name) && IsImpure(given.GetAttr(step.Name)) {
			return step.Name
		}
	}
	return "NAME"
}

// impureValue is the summary for a value from the environment where a key is made.
const impureValue = "Value from the environment"
