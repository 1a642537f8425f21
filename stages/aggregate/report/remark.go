package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// trialsOf are all cells of the points.
func trialsOf(points []result.Point) []result.Cell {
	var cells []result.Cell
	for _, p := range points {
		cells = append(cells, p.Trials...)
	}
	return cells
}

// remarkLines say each reason that bears on one of the metrics once, with the cells that it is said of: "p99_small_n: p99 rests on 64
// requests, fewer than 662 (4 of 48 cells: 1GPU/8U, 1GPU/16U)".
func remarkLines(points []result.Point, concerns func(code string) bool) []string {
	all := trialsOf(points)
	var lines []string
	for _, r := range result.Remarks(all) {
		if !concerns(r.Code) {
			continue
		}
		for _, d := range r.Details {
			lines = append(lines, r.Code+": "+d.Text+where(points, d.Cells, len(all)))
		}
	}
	return lines
}

// where names cells: points by their label, and trials of a point that has others beside.
func where(points []result.Point, cells []result.Cell, all int) string {
	if len(cells) == all {
		if all == 1 {
			return " (" + cells[0].Label() + ")"
		}
		return fmt.Sprintf(" (all %d cells)", all)
	}
	var names []string
	for _, p := range points {
		var trials []string
		for _, c := range cells {
			if slices.ContainsFunc(p.Trials, func(t result.Cell) bool { return t.Labels == c.Labels }) {
				trials = append(trials, strconv.Itoa(c.Trial))
			}
		}
		switch {
		case len(trials) == 0:
		case len(trials) == len(p.Trials):
			names = append(names, p.Label())
		case len(trials) == 1:
			names = append(names, p.Label()+" trial "+trials[0])
		default:
			names = append(names, p.Label()+" trials "+strings.Join(trials, " and "))
		}
	}
	return fmt.Sprintf(" (%d of %d cells: %s)", len(cells), all, strings.Join(names, ", "))
}

// missedLines say for each point which objectives its trials miss, and by how much.
func missedLines(points []result.Point) []string {
	var lines []string
	for _, p := range points {
		if notes := p.MissedNotes(); len(notes) > 0 {
			lines = append(lines, p.Label()+": "+strings.Join(notes, ", "))
		}
	}
	return lines
}
