package plan

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/addr"
)

func (b *builder) targeted(c *cell) bool {
	return (len(b.Targets) == 0 || c.matches(b.Targets) || slices.ContainsFunc(b.Targets, whole)) && !c.matches(b.Exclude)
}

// whole reports whether a selector picks what all cells flow into.
func whole(s addr.Selector) bool {
	return s.Match(addr.Step{Kind: Aggregate}) || s.Match(addr.Step{Kind: Plot})
}

// matches reports whether a selector picks one of the cell's steps.
func (c *cell) matches(selectors []addr.Selector) bool {
	return slices.ContainsFunc(selectors, c.picked)
}

func (c *cell) picked(s addr.Selector) bool { return s.Match(c.load) || s.Match(c.power) }

// idle are the selectors that no cell was picked by: most likely they are misspelt, and what they were to spare or to pick is not what runs.
type idle struct{ targets, exclude []addr.Selector }

func (i *idle) see(c *cell) {
	i.targets = slices.DeleteFunc(i.targets, c.picked)
	i.exclude = slices.DeleteFunc(i.exclude, c.picked)
}

func (b *builder) checkIdle() {
	for _, s := range b.idle.targets {
		if !whole(s) {
			b.idleSelector("-target", s)
		}
	}
	for _, s := range b.idle.exclude {
		b.idleSelector("-exclude", s)
	}
}

// checkReplace looks for selectors that pick no step of the plan.
func (b *builder) checkReplace() {
	for _, s := range b.Replace {
		if !slices.ContainsFunc(b.plan.Steps, func(step Step) bool { return s.Match(step.Address) }) {
			b.idleSelector("-replace", s)
		}
	}
}

func (b *builder) idleSelector(flag string, s addr.Selector) {
	if b.diags.HasErrors() {
		return // it may be the consequence
	}
	b.diags = append(b.diags, &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: "Nothing selected",
		Detail: fmt.Sprintf("Nothing that is planned matches %s %s. inferencex plan lists the addresses of all cells.", flag, s),
	})
}
