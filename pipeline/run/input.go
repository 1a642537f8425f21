package run

import (
	"fmt"
	"slices"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// input returns what a step that has ended gives to one that uses it, and the digest that stands for it in a recipe.
func (e *executor) input(source *node) (stage.Input, string) {
	in := stage.Input{Address: source.Address}
	if entry, ok := e.sealed[source.Atom]; ok && source.Atom != "" {
		in.Dir = entry.Part(source.Address.Kind)
		return in, entry.Digest(source.Address.Kind)
	}
	if source.state.OK() && (source.Class != stage.Measure || e.atomIsOpen(source.Atom)) {
		in.Dir = source.dir
		return in, "unsealed"
	}
	in.Failure = e.failure(source)
	return in, "failed: " + in.Failure
}

// atomIsOpen reports whether a step of the atom has yet to end, so that its earlier files are still to be used.
func (e *executor) atomIsOpen(atom string) bool {
	return slices.ContainsFunc(e.atoms[atom], func(n *node) bool { return n.state == Pending || n.state == Running })
}

// failure says why the atom of a step has no result: the first thing that went wrong in it. A stack stays
// in the events.
func (e *executor) failure(source *node) string {
	for _, n := range e.atoms[source.Atom] {
		if n.state == Canceled {
			return "not measured: " + crew.Brief(n.err)
		}
		if n.err != nil {
			return fmt.Sprintf("%s: %s: %s", n.Address.Kind, stage.ReasonOf(n.err), crew.Brief(n.err))
		}
	}
	return source.Reason // of a step that was skipped
}
