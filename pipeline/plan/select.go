package plan

import (
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// cell is a cell of the suite with its addresses.
type cell struct {
	suite.Cell
	place       int // among all cells of the suite
	load, power addr.Step
}

// nameCells returns all cells of a suite, each with as many more trials, in the order of the suite: that of
// tables and charts.
func nameCells(s *suite.Suite, moreTrials int) []*cell {
	var all []*cell
	for _, bench := range s.Benchmarks {
		name := cellNamer(bench)
		for _, c := range withTrials(bench.Cells, moreTrials) {
			key := name(c)
			all = append(all, &cell{
				Cell: c, place: len(all),
				load:  addr.Step{Kind: Load, Name: bench.Name, Key: key},
				power: addr.Step{Kind: FetchPower, Name: bench.Name, Key: key},
			})
		}
	}
	return all
}

// withTrials returns cells with more trials, which follow the last one that the suite asks for.
func withTrials(cells []suite.Cell, more int) []suite.Cell {
	if more <= 0 {
		return cells
	}
	var all []suite.Cell
	for _, c := range cells {
		last := c.Trial == c.Trials
		c.Trials += more
		for all = append(all, c); last && c.Trial < c.Trials; {
			c.Trial++
			all = append(all, c)
		}
	}
	return all
}

// selectCells returns the cells that are to be measured, and those among them whose name another one has.
func selectCells(all []*cell, targets, exclude []addr.Selector) ([]*cell, []finding) {
	var cells []*cell
	var clashes []finding
	taken := map[addr.Step]bool{}
	for _, c := range all {
		switch {
		case !c.targeted(targets) || c.matches(exclude):
		case !taken[c.load]:
			taken[c.load] = true
			cells = append(cells, c)
		case c.Trial == 1:
			clashes = append(clashes, find(c, c.Range, "Two cells of one name",
				"Two cells would be called %s: their models, engines or GPU types differ "+
					"in upper and lower case alone. Write each in one way.", c.load))
		}
	}
	return cells, clashes
}

func (c *cell) targeted(targets []addr.Selector) bool {
	return len(targets) == 0 || c.matches(targets) || slices.ContainsFunc(targets, pickAll)
}

// pickAll reports whether a selector picks a step that all cells flow into.
func pickAll(s addr.Selector) bool {
	return s.Match(addr.Step{Kind: Aggregate}) || s.Match(addr.Step{Kind: Plot})
}

// matches reports whether a selector picks one of the cell's steps.
func (c *cell) matches(selectors []addr.Selector) bool {
	return slices.ContainsFunc(selectors, c.picked)
}

func (c *cell) picked(s addr.Selector) bool { return s.Match(c.load) || s.Match(c.power) }

// listAddresses is what to do about a selector that picks nothing.
const listAddresses = "inferencex plan lists the addresses of all cells."

// nothingToMeasure says why a plan has no cell.
func nothingToMeasure(cfg Config) *hcl.Diagnostic {
	detail := "The suite has no benchmark block, so there is nothing to measure. " +
		"Add one: inferencex init shows an example."
	switch {
	case len(cfg.Exclude) > 0:
		detail = fmt.Sprintf("-exclude %s leaves no cell. %s", cfg.Exclude[0], listAddresses)
	case len(cfg.Targets) > 0:
		detail = fmt.Sprintf("No cell of the suite matches -target %s. %s", cfg.Targets[0], listAddresses)
	}
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Nothing to measure", Detail: detail}
}
