// Package expr evaluates the expressions of a suite: the functions they may call, and what they may refer to.
//
// Its invariant: every named thing is evaluated at most once, after all it refers to, whatever the order in the files;
// and a thing whose evaluation went wrong is unknown to all who refer to it, so that one mistake is reported once.
package expr

import (
	"fmt"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// Root is a first word of references: "model" in model.qwen3-8b.
type Root struct {
	Word  string // as written in references
	Noun  string // in messages: "local value"
	Group string // what the first of two names is: "provider of type"
	Depth int    // names after the word: 2 for provider.TYPE.NAME
}

// Scope is all that expressions of a suite can refer to. It is not safe for concurrent use.
type Scope struct {
	roots      []Root
	nodes      map[string]*node // by address: "model.qwen3-8b"
	order      []*node
	stack      []*node         // under evaluation, outermost first
	incomplete map[string]bool // by root, or root and first name
	groups     map[string]bool // by root and first name: those that exist even if nothing is in them
	functions  map[string]function.Function
	meter      *Meter
	diags      hcl.Diagnostics
}

// Declaration introduces one named thing.
type Declaration struct {
	Root  string   // the Word of its root
	Path  []string // the names after the root
	Range hcl.Range
	// Eval gives the value; it may evaluate expressions in the scope.
	Eval func() (cty.Value, hcl.Diagnostics)
	// Check, which may be nil, runs when the value can be referred to. An error makes the value unknown.
	Check func() hcl.Diagnostics
}

// node is a declaration and what became of it.
type node struct {
	Declaration
	value    cty.Value
	state    state
	inCircle bool
}

type state int

const (
	waiting state = iota
	evaluating
	done
)

func (d Declaration) address() string { return d.Root + "." + strings.Join(d.Path, ".") }

// NewScope is an empty scope in which references start with one of the roots, and files are read with read. The meter is
// that of all scopes of a suite.
func NewScope(roots []Root, read Reader, meter *Meter) *Scope {
	return &Scope{meter: meter, roots: roots, nodes: map[string]*node{}, incomplete: map[string]bool{}, groups: map[string]bool{}, functions: Functions(read, meter)}
}

// Declare adds a named thing. If the name is taken, the range of the one who has it is returned and nothing is added.
func (s *Scope) Declare(d Declaration) (taken *hcl.Range) {
	if prior, ok := s.nodes[d.address()]; ok {
		return &prior.Range
	}
	n := &node{Declaration: d}
	s.nodes[d.address()] = n
	s.order = append(s.order, n)
	return nil
}

// Group says that the first of two names exists, such as a module, whatever is declared in it.
func (s *Scope) Group(root, name string) { s.groups[root+"."+name] = true }

// Incomplete says that something under a root, or in a group of it, could not be declared, which has been reported: a
// name that is missing there is unknown, and no further mistake.
func (s *Scope) Incomplete(root string, group ...string) {
	s.incomplete[strings.Join(append([]string{root}, group...), ".")] = true
}

// lost says whether what a reference needs is known to be missing.
func (s *Scope) lost(t hcl.Traversal) bool {
	if len(t) > 1 {
		if name, ok := stepName(t[1]); ok && s.incomplete[t.RootName()+"."+name] {
			return true
		}
	}
	return s.incomplete[t.RootName()]
}

// EvaluateAll evaluates everything declared and returns all that was wrong with it.
func (s *Scope) EvaluateAll() hcl.Diagnostics {
	for _, n := range s.order {
		s.evaluate(n)
	}
	diags := s.diags
	s.diags = nil
	return diags
}

// Lookup is the value of something declared, evaluated by now or not; false if there is no such thing.
func (s *Scope) Lookup(address string) (cty.Value, bool) {
	n, ok := s.nodes[address]
	if !ok {
		return cty.DynamicVal, false
	}
	return s.evaluate(n), true
}

// evaluate is the value of a node, evaluating it now if need be.
func (s *Scope) evaluate(n *node) cty.Value {
	switch n.state {
	case done:
		return n.value
	case evaluating:
		s.reportCycle(n)
		return cty.DynamicVal
	}
	n.state = evaluating
	s.stack = append(s.stack, n)
	v, diags := n.Eval()
	s.stack = s.stack[:len(s.stack)-1]
	s.diags = append(s.diags, diags...)
	if n.inCircle {
		v = cty.DynamicVal
	}
	if size(v, mostValue) >= mostValue {
		s.diags = s.diags.Append(&hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Value too large", Subject: &n.Range,
			Detail: fmt.Sprintf("%s has more than %d elements, or a text of %d letters, which no suite needs.", n.address(), mostValue, mostValue*lettersPerElement),
		})
		v = cty.DynamicVal
	}
	n.state, n.value = done, v
	if n.Check != nil {
		diags = n.Check()
		s.diags = append(s.diags, diags...)
		if diags.HasErrors() {
			n.value = cty.DynamicVal
		}
	}
	return n.value
}

// reportCycle names every member of the circle that ends where n is needed again.
func (s *Scope) reportCycle(n *node) {
	from := len(s.stack) - 1
	for s.stack[from] != n {
		from--
	}
	circle := s.stack[from:]
	var names []string
	known := false
	for _, m := range circle {
		names = append(names, m.address())
		known = known || m.inCircle
		m.inCircle = true
	}
	if known {
		return
	}
	names = append(names, n.address())
	s.diags = s.diags.Append(&hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  "Reference cycle",
		Detail:   fmt.Sprintf("Each of these needs the next before it has a value: %s. Take one reference out of the circle.", strings.Join(names, " → ")),
		Subject:  &n.Range,
	})
}

// names lists what is declared under a root and the names after it, in order, without doubles.
func (s *Scope) names(root string, path ...string) []string {
	var out []string
	seen := map[string]bool{}
	for _, n := range s.order {
		if n.Root != root || len(n.Path) <= len(path) || !hasPrefix(n.Path, path) || seen[n.Path[len(path)]] {
			continue
		}
		seen[n.Path[len(path)]] = true
		out = append(out, n.Path[len(path)])
	}
	sort.Strings(out)
	return out
}

func hasPrefix(path, prefix []string) bool {
	for i, p := range prefix {
		if path[i] != p {
			return false
		}
	}
	return true
}

// Eval evaluates an expression after everything it refers to. It is a block.Eval.
func (s *Scope) Eval(e hcl.Expression) (cty.Value, *hcl.EvalContext, hcl.Diagnostics) {
	if s.meter.exhausted() {
		return cty.DynamicVal, nil, nil // which has been said where it happened
	}
	refs := references(e)
	used := map[string]*node{}
	var diags hcl.Diagnostics
	missing := false
	for _, t := range refs {
		nodes, diag := s.resolve(t)
		if diag != nil {
			missing = true
			if !s.lost(t) {
				diags = appendOnce(diags, diag)
			}
		}
		for _, n := range nodes {
			used[n.address()] = n
		}
	}
	if missing {
		return cty.DynamicVal, nil, diags
	}
	ctx := &hcl.EvalContext{Variables: s.tree(refs, used), Functions: s.functions}
	v, evalDiags := e.Value(ctx)
	if evalDiags.HasErrors() {
		v = cty.DynamicVal
	}
	switch {
	case s.meter.exhausted():
		return cty.DynamicVal, nil, hcl.Diagnostics{overdrawn(e.Range())}
	case len(evalDiags) == 0 && infinite(v):
		return cty.DynamicVal, ctx, hcl.Diagnostics{endless(e.Range())}
	case len(evalDiags) == 0:
		return v, ctx, nil
	}
	inner, innerCtx := block.Unbind(e, ctx)
	return v, ctx, explain(evalDiags, inner.Variables(), innerCtx)
}

// references are the traversals of an expression, but for the words by which convert names types.
func references(e hcl.Expression) []hcl.Traversal {
	var refs []hcl.Traversal
	for _, t := range e.Variables() {
		if len(t) == 1 && typeWords[t.RootName()] {
			continue
		}
		refs = append(refs, t)
	}
	return refs
}

// appendOnce keeps one message for a name that an expression misspells twice.
func appendOnce(diags hcl.Diagnostics, d *hcl.Diagnostic) hcl.Diagnostics {
	for _, have := range diags {
		if have.Detail == d.Detail {
			return diags
		}
	}
	return diags.Append(d)
}

var _ block.Eval = (*Scope)(nil).Eval
