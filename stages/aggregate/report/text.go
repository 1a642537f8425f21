package report

import (
	"bytes"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// Text writes the first benchmark's table for a terminal of width columns; 0 means as wide as it takes. Remarks follow where
// a row is not valid.
func Text(w io.Writer, r result.Results, width int) error {
	var b bytes.Buffer
	if r.Simulated {
		fmt.Fprintf(&b, "%s\n\n", simulatedLine)
	}
	for _, g := range groups(r) {
		fmt.Fprintf(&b, "%s%s\n", g.title, simulated(g))
		t := seedTable(g)
		t.SetStyle(table.StyleLight)
		t.Style().Format.Header = text.FormatDefault
		t.Style().Size.WidthMax = width
		fmt.Fprintf(&b, "%s\n", t.Render())
		for _, p := range g.points {
			for _, rm := range remarks(p) {
				if mark(p) != "" {
					fmt.Fprintf(&b, "* %s %s: %s\n", p.Label(), rm.code, rm.note)
				}
			}
		}
		b.WriteString("\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}
