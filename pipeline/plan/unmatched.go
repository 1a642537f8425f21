package plan

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/addr"
)

// unmatchedCells refuses the first selector that picks no cell. It is most likely misspelt, and the cell that
// it was meant to leave out would be measured.
func unmatchedCells(all []*cell, targets, exclude []addr.Selector) hcl.Diagnostics {
	matchless := func(s addr.Selector) bool {
		return !slices.ContainsFunc(all, func(c *cell) bool { return c.picked(s) })
	}
	for _, s := range targets {
		if !pickAll(s) && matchless(s) {
			return hcl.Diagnostics{unmatched("-target", s)}
		}
	}
	for _, s := range exclude {
		if matchless(s) {
			return hcl.Diagnostics{unmatched("-exclude", s)}
		}
	}
	return nil
}

// unmatchedSteps refuses the first selector that picks no step of the plan.
func unmatchedSteps(steps []Step, replace []addr.Selector) hcl.Diagnostics {
	for _, s := range replace {
		if !slices.ContainsFunc(steps, func(step Step) bool { return s.Match(step.Address) }) {
			return hcl.Diagnostics{unmatched("-replace", s)}
		}
	}
	return nil
}

func unmatched(flag string, s addr.Selector) *hcl.Diagnostic {
	return &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: "Nothing selected",
		Detail: fmt.Sprintf("Nothing that is planned matches %s %s. %s", flag, s, listAddresses),
	}
}
