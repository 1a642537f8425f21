package chart

// row is one line of the shared category axis: a cell, or a group's heading.
type row struct {
	cell    Cell
	heading string
}

// rowsOf lists the rows from top to bottom; groups have headings where there
// are several.
func rowsOf(gs [][]Cell) []row {
	var rows []row
	names := distinguish(gs)
	for i, g := range gs {
		if len(gs) > 1 {
			rows = append(rows, row{heading: names[i] + "   " + powerText(g)})
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
	name := r.cell.Label
	switch r.cell.Validity {
	case ValidWithNotes:
		name += " *"
	case Invalid:
		name += " †"
	}
	return fit(name, textSize, false, labelMax)
}
