package suite

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
)

// Move says that something goes by another name now, so that its history is not lost.
type Move struct {
	Kind     string // "benchmark", "model", "engine", "provider", "workload" or "module"
	From, To string // as in addresses: "x.chat.key" for a benchmark of module x with for_each, "modal.cloud" for a provider
	Range    hcl.Range
}

// FormerNames lists the names that something had before, the latest first. Kind and name are as in Move.
func (s *Suite) FormerNames(kind, name string) []string {
	var out []string
	seen := map[string]bool{name: true}
	for found := true; found; {
		found = false
		for _, m := range s.Moved {
			if former, ok := m.former(kind, name); ok && !seen[former] {
				name, found, seen[former] = former, true, true
				out = append(out, former)
				break
			}
		}
	}
	return out
}

// former is the name before the move, and false if the move is about something else. What is inside of a module, and
// what for_each makes of a benchmark, moves along.
func (m Move) former(kind, name string) (string, bool) {
	head := ""
	switch {
	case m.Kind == "module" && kind == "provider":
		ty, rest, _ := strings.Cut(name, ".")
		head, name = ty+".", rest
	case m.Kind != kind && m.Kind != "module":
		return "", false
	}
	if rest, ok := strings.CutPrefix(name, m.To); ok && (rest == "" || rest[0] == '.' && (kind == "benchmark" || m.Kind == "module")) {
		return head + m.From + rest, true
	}
	return "", false
}

// movable are the kinds of block whose names stand in addresses.
func movable() []string {
	return []string{"benchmark", "engine", "model", "module", "provider", "workload"}
}

func movedBlock() block.Block {
	return block.Block{Kind: "moved", Many: true, Body: block.Body{
		Doc: "Says that a block was renamed, so that its results and their history follow.",
		Args: []block.Arg{
			{Name: "from", Type: cty.DynamicPseudoType, Required: true, Lazy: true, Doc: "The former reference, such as benchmark.old or benchmark.old[\"key\"]."},
			{Name: "to", Type: cty.DynamicPseudoType, Required: true, Lazy: true, Doc: "The reference of today."},
		},
	}}
}

// decodeMoved reads a moved block. What it names is not evaluated: one of the two is gone.
func (l *loader) decodeMoved(blk *hcl.Block) {
	c := l.decode(movedBlock(), blk)
	from, to := c.Attrs["from"], c.Attrs["to"]
	if from == nil || to == nil {
		return
	}
	kind, former, ok := l.movedName(from.Expr)
	toKind, current, toOK := l.movedName(to.Expr)
	switch {
	case !ok || !toOK:
	case kind != toKind:
		l.fail(to.Expr.Range(), "Wrong reference", "%s cannot become %s.", capital(block.Article(kind)), block.Article(toKind))
	default:
		l.suite.Moved = append(l.suite.Moved, Move{Kind: kind, From: former, To: current, Range: blk.DefRange})
	}
}

// movedName reads a reference as a kind and a name.
func (l *loader) movedName(e hcl.Expression) (kind, name string, ok bool) {
	t, diags := hcl.AbsTraversalForExpr(e)
	var path []string
	for _, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			path = append(path, step.Name)
		case hcl.TraverseAttr:
			path = append(path, step.Name)
		case hcl.TraverseIndex:
			key := ""
			if step.Key.Type() == cty.String {
				key = slug(step.Key.AsString())
			}
			path = append(path, key)
		}
	}
	if module := l.module; len(path) > 0 && !diags.HasErrors() {
		for len(path) > 2 && path[0] == "module" {
			module, path = strings.TrimPrefix(module+"."+path[1], "."), path[2:]
		}
		kind, path = path[0], path[1:]
		if names := strings.Join(path, "."); !slices.Contains(path, "") && (len(path) == depth(kind) || kind == "benchmark" && len(path) == 2) {
			switch {
			case module == "":
				return kind, names, true
			case kind == "provider":
				return kind, path[0] + "." + module + "." + path[1], true
			}
			return kind, module + "." + names, true
		}
	}
	if strings.HasSuffix(e.Range().Filename, ".json") && len(e.Variables()) > 0 {
		l.fail(e.Range(), "Reference expected", "What is moved is named without ${}, such as \"benchmark.chat\": one of the two is gone, so that neither is evaluated.")
		return "", "", false
	}
	l.fail(e.Range(), "Reference expected", "A reference such as benchmark.chat, benchmark.chat[\"key\"], model.m, provider.modal.cloud or module.x is expected here. Of what is moved, there is %s.", strings.Join(movable(), ", "))
	return "", "", false
}

// depth is the number of names after a kind that can be moved, -1 for one that cannot.
func depth(kind string) int {
	switch {
	case kind == "provider":
		return 2
	case slices.Contains(movable(), kind):
		return 1
	}
	return -1
}

// checkMoves holds what was said to have moved against what there is.
func (l *loader) checkMoves() {
	from, to := map[string]hcl.Range{}, map[string]hcl.Range{}
	for _, m := range l.suite.Moved {
		if old := m.Kind + " " + m.From; from[old] == (hcl.Range{}) {
			from[old] = m.Range
		}
	}
	seen := map[string]bool{}
	for _, m := range l.suite.Moved {
		old, current := m.Kind+" "+m.From, m.Kind+" "+m.To
		_, chained := from[current]
		first, taken := to[current]
		to[current] = m.Range
		switch {
		case slices.Contains(l.movableNames(m.Kind), m.From):
			l.fail(m.Range, "Not moved", "There still is %s %q. Take this block out, or rename that one.", block.Article(m.Kind), m.From)
		case seen[old] || taken:
			if !taken {
				first = from[old]
			}
			l.fail(m.Range, "Moved twice", "%s %q and %q are also moved at %s. One name becomes one other.", capital(m.Kind), m.From, m.To, block.Place(first))
		case l.circle(m) != nil:
			circle := l.circle(m)
			if m.From == slices.Min(circle) { // once for all of them
				l.fail(m.Range, "Moved in a circle", "The %s goes from %s and back, so that it never arrives. Take one of these blocks out.", m.Kind, strings.Join(circle, " to "))
			}
		case !chained && !l.exists(m.Kind, m.To):
			l.fail(m.Range, "Moved to nowhere", "There is no %s %q%s", m.Kind, m.To, block.Hint(m.To, l.movableNames(m.Kind)))
		}
		seen[old] = true
	}
}

// circle lists the names that following a move, and those after it, goes through until it comes back to where it began; nil if it never does.
func (l *loader) circle(start Move) []string {
	next := map[string]string{}
	for _, m := range l.suite.Moved {
		if m.Kind == start.Kind {
			next[m.From] = m.To
		}
	}
	names := []string{start.From}
	for name := start.To; len(names) <= len(next); name = next[name] {
		if name == start.From {
			return names
		}
		names = append(names, name)
	}
	return nil
}

// exists says whether there is something of a name, or something that for_each made of a benchmark of that name.
func (l *loader) exists(kind, name string) bool {
	for _, n := range l.movableNames(kind) {
		if n == name || kind == "benchmark" && strings.HasPrefix(n, name+".") {
			return true
		}
	}
	return false
}

// movableNames lists what there is of a kind, in the suite and its modules.
func (l *loader) movableNames(kind string) []string {
	var out []string
	switch kind {
	case "benchmark":
		out = slices.Sorted(maps.Keys(l.benchmarks))
	case "model":
		out = names(l.models, func(m *Model) string { return m.Name })
	case "engine":
		out = names(l.engines, func(e *Engine) string { return e.Name })
	case "workload":
		out = names(l.workloads, func(w *Workload) string { return w.Name })
	case "provider":
		out = names(l.providers, func(p *Provider) string { return p.Type + "." + p.Name })
	case "module":
		out = l.moduleNames()
	}
	return out
}

func names[V any](m map[string]V, name func(V) string) []string {
	var out []string
	for _, v := range m {
		out = append(out, name(v))
	}
	slices.Sort(out)
	return out
}

func (l *loader) moduleNames() []string {
	var out []string
	for _, m := range l.children {
		out = append(append(out, m.module), m.moduleNames()...)
	}
	return out
}
