package chart

import (
	"strings"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// row is one line of the shared category axis: a cell, or a group's heading.
type row struct {
	cell    Cell
	heading string
	power   string // stands behind the heading
}

// rowsOf lists the rows from top to bottom; groups have headings where there
// are several.
func rowsOf(gs [][]Cell) []row {
	var rows []row
	names := distinguish(gs)
	for i, g := range gs {
		if len(gs) > 1 {
			rows = append(rows, row{heading: names[i], power: powerText(g)})
		}
		for _, c := range g {
			rows = append(rows, row{cell: c})
		}
	}
	return rows
}

// name is what stands left of a row's bars.
func (r row) name() string {
	if r.heading != "" {
		return ""
	}
	return fit(strings.TrimSpace(r.cell.Name+" "+panelMark(r.cell)), textSize, false, labelMax)
}

// title is a heading's one line of at most width pixels. What a model is called gives way before its power does.
func (r row) title(width float64) string {
	power := fit("   "+r.power, textSize, true, 0.7*width)
	return squeeze(r.heading, textSize, true, width-render.TextWidth(power, textSize, true)) + power
}

// panelMark is the mark of a cell in the panels, the same as in every table. A note on what no panel shows is none.
func panelMark(c Cell) string {
	var metrics []string
	for _, p := range panelList() {
		metrics = append(metrics, p.metric)
	}
	switch {
	case c.Validity == Invalid:
		return result.MarkInvalid
	case c.Validity == ValidWithNotes && result.Noted(c.Reasons, metrics...):
		return result.MarkNoted
	default:
		return ""
	}
}
