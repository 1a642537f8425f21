package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// resolve finds the nodes a reference stands for: one, or all under a root or type that is used as a whole.
func (s *Scope) resolve(t hcl.Traversal) ([]*node, *hcl.Diagnostic) {
	root, ok := s.root(t.RootName())
	if !ok {
		return nil, s.unknownRoot(t)
	}
	var path []string
	for _, step := range t[1:min(len(t), root.Depth+1)] {
		name, ok := stepName(step)
		if !ok {
			break
		}
		path = append(path, name)
		if len(path) == root.Depth {
			break
		}
	}
	if n, ok := s.nodes[root.Word+"."+strings.Join(path, ".")]; ok && len(path) == root.Depth {
		return []*node{n}, nil
	}
	var out []*node
	for _, n := range s.order {
		if n.Root == root.Word && hasPrefix(n.Path, path) {
			out = append(out, n)
		}
	}
	if len(out) == 0 && len(path) > 0 {
		for len(path) > 1 && !s.groups[root.Word+"."+path[0]] && s.names(root.Word, path[:len(path)-1]...) == nil {
			path = path[:len(path)-1] // the first name that is wrong is the one to speak of
		}
		return nil, unknownName(root, path, t, s.names(root.Word, path[:len(path)-1]...))
	}
	return out, nil
}

func (s *Scope) root(word string) (Root, bool) {
	for _, r := range s.roots {
		if r.Word == word {
			return r, true
		}
	}
	return Root{}, false
}

// stepName is the name that a step selects: .name or ["name"].
func stepName(step hcl.Traverser) (string, bool) {
	switch step := step.(type) {
	case hcl.TraverseAttr:
		return step.Name, true
	case hcl.TraverseIndex:
		if key, _ := step.Key.Unmark(); key.Type() == cty.String && key.IsKnown() && !key.IsNull() {
			return key.AsString(), true
		}
	}
	return "", false
}

// boundOnlyIn says where words mean something that are not bound everywhere.
var boundOnlyIn = map[string]string{
	"each": "in a benchmark with for_each",
	"cell": "in the argument when of a matrix",
}

// unknownRoot explains a first word that means nothing; most often a text without its quotes.
func (s *Scope) unknownRoot(t hcl.Traversal) *hcl.Diagnostic {
	var words []string
	for _, r := range s.roots {
		words = append(words, r.Word)
	}
	detail := fmt.Sprintf("Nothing is called %q here", t.RootName())
	if where, ok := boundOnlyIn[t.RootName()]; ok {
		detail += ": it has a meaning only " + where + "."
		return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unknown reference", Detail: detail, Subject: t.SourceRange().Ptr()}
	}
	switch near := block.Suggest(t.RootName(), words); {
	case near != "":
		detail += fmt.Sprintf(". Did you mean %q?", near)
	case len(t) == 1:
		detail += fmt.Sprintf(". If it is a text, put it in quotes: \"%s\".", t.RootName())
	default:
		detail += fmt.Sprintf(". References start with %s.", strings.Join(words, ", "))
	}
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unknown reference", Detail: detail, Subject: t.SourceRange().Ptr()}
}

func unknownName(root Root, path []string, t hcl.Traversal, names []string) *hcl.Diagnostic {
	name, what := path[len(path)-1], root.Noun
	if len(path) < root.Depth {
		what = root.Group
	}
	detail := fmt.Sprintf("No %s %q is declared", what, name)
	if len(names) == 0 {
		detail += fmt.Sprintf("; there is none at all. Declare it in %s block.", block.Article(blockWord(root.Word, len(path))))
	} else {
		detail += block.Hint(name, names)
	}
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unknown " + root.Noun, Detail: detail, Subject: t.SourceRange().Ptr()}
}

// blockWord is the kind of block that declares what a root and so many names refer to.
func blockWord(root string, names int) string {
	switch {
	case root == "var":
		return "variable"
	case root == "local":
		return "locals"
	case root == "module" && names > 1:
		return "output"
	}
	return root
}

// explain adds to the parser's messages what it cannot know: a near attribute, and that a secret must not be shown.
func explain(diags hcl.Diagnostics, refs []hcl.Traversal, ctx *hcl.EvalContext) hcl.Diagnostics {
	secret := false
	for c := ctx; c != nil; c = c.Parent() {
		for _, v := range c.Variables {
			secret = secret || block.HasSecret(v)
		}
	}
	for _, d := range diags {
		switch d.Summary {
		case "Unknown variable": // the parser knows no more than that; only a type's name gets this far
			d.Detail = "The name of a type has a meaning in a variable's type and in convert(value, type) only. If it is a text, put it in quotes."
		case "Unsupported attribute":
			if d.Subject != nil {
				d.Detail += nearAttribute(*d.Subject, refs, ctx)
			}
		case "Call to unknown function":
			// The parser suggests the first function that is near in no particular order.
			if name, ok := quoted(d.Detail); ok {
				d.Detail = fmt.Sprintf("There is no function %q%s", name, block.Hint(name, slices.Sorted(maps.Keys(functionsOf(ctx)))))
			}
		case "Error in function call", "Invalid function argument":
			if secret { // its words may quote the argument, which may be, or be made from, the secret
				d.Detail = "The function refused its arguments. Its reason is not shown, because a sensitive value is among them."
			}
		}
	}
	return diags
}

// quoted is the first text in quotes.
func quoted(s string) (string, bool) {
	_, s, _ = strings.Cut(s, `"`)
	s, _, ok := strings.Cut(s, `"`)
	return s, ok
}

// nearAttribute finds the step of a reference that failed at a range, and the attribute it may have been meant to be.
func nearAttribute(at hcl.Range, refs []hcl.Traversal, ctx *hcl.EvalContext) string {
	for _, t := range refs {
		v := valueOf(t.RootName(), ctx)
		for _, step := range t[1:] {
			name, ok := stepName(step)
			plain, _ := v.Unmark()
			if !ok || !plain.IsKnown() || plain.IsNull() || !plain.Type().IsObjectType() {
				break
			}
			if !plain.Type().HasAttribute(name) {
				if _, isAttr := step.(hcl.TraverseAttr); isAttr && step.(hcl.TraverseAttr).SrcRange == at {
					return strings.TrimPrefix(block.Hint(name, attributeNames(plain.Type())), ".")
				}
				break
			}
			v = plain.GetAttr(name)
		}
	}
	return ""
}

// functionsOf are those that can be called in a context.
func functionsOf(ctx *hcl.EvalContext) map[string]function.Function {
	for ; ctx.Functions == nil && ctx.Parent() != nil; ctx = ctx.Parent() {
	}
	named := maps.Clone(ctx.Functions)
	delete(named, tick)
	return named
}

// valueOf is what a root stands for, null if for nothing.
func valueOf(root string, ctx *hcl.EvalContext) cty.Value {
	for ; ctx != nil; ctx = ctx.Parent() {
		if v, ok := ctx.Variables[root]; ok {
			return v
		}
	}
	return cty.NullVal(cty.DynamicPseudoType)
}

func attributeNames(ty cty.Type) []string {
	var names []string
	for name := range ty.AttributeTypes() {
		names = append(names, name)
	}
	return names
}
