package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/metric"
)

// Text writes the first benchmark's table for a terminal of width columns; 0 means as wide as it takes. Where the table is too wide it loses,
// in this order, its lines and repeated units, the columns that repeat the configuration, the spread, and the columns from the right; no row of
// it is ever broken. What the marks in it mean, and which objectives are missed, follows.
func Text(w io.Writer, r result.Results, width int) error {
	var b bytes.Buffer
	if r.Simulated {
		fmt.Fprintf(&b, "%s\n\n", wrapped(simulatedLine, width, ""))
	}
	all := groups(r)
	for _, g := range all {
		fmt.Fprintf(&b, "%s\n", wrapped(g.title+simulated(g), width, ""))
		if g.detail != "" && g.titleOfSeveral(all) {
			fmt.Fprintf(&b, "%s\n", wrapped(g.detail, width, ""))
		}
		for _, line := range []string{lengthsLine(g.points), sendingLine(g.points), turnsLine(g.points)} {
			if line != "" {
				fmt.Fprintf(&b, "%s\n", wrapped(line, width, ""))
			}
		}
		layout := fitting(g, width)
		b.WriteString(layout.render(g))
		for _, line := range layout.legend(g) {
			fmt.Fprintf(&b, "%s\n", wrapped(line, width, "  "))
		}
		b.WriteString("\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// layout is one way to show the table, the widest first.
type layout struct {
	box     bool // lines around each row, and a unit behind each number
	repeats bool // GPUs and users or rate, which the configuration's name has too
	spread  bool // ± where there are several trials
	columns []metric.Column
}

func layouts() []layout {
	all := metric.Summary()
	list := []layout{{true, true, true, all}, {false, true, true, all}, {false, false, true, all}}
	for n := len(all); n > 0; n-- {
		list = append(list, layout{columns: all[:n]})
	}
	return list
}

// fitting returns the fullest layout that is no wider than width.
func fitting(g group, width int) layout {
	list := layouts()
	for _, l := range list {
		if width == 0 || widest(l.render(g)) <= width {
			return l
		}
	}
	return list[len(list)-1]
}

func widest(text string) int {
	most := 0
	for line := range strings.Lines(text) {
		most = max(most, utf8.RuneCountInString(strings.TrimRight(line, "\n")))
	}
	return most
}

func (l layout) render(g group) string {
	if l.box {
		t := seedTable(g)
		t.SetStyle(table.StyleLight)
		t.Style().Format.Header = text.FormatDefault
		return t.Render() + "\n"
	}
	t := table.NewWriter()
	names, units := []string{"Config"}, []string{""}
	if l.repeats {
		names, units = append(names, "GPUs", pressureName(g.points)), append(units, "", "")
	}
	for _, c := range l.columns {
		names, units = append(names, c.Heading), append(units, c.Unit)
	}
	t.AppendHeader(cells(names))
	t.AppendHeader(cells(units))
	for _, p := range g.points {
		t.AppendRow(l.row(p))
	}
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	var b strings.Builder
	for line := range strings.Lines(t.Render()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

func (l layout) row(p result.Point) table.Row {
	line := table.Row{p.Label() + p.Mark(metricsOf(l.columns)...)}
	if l.repeats {
		line = append(line, p.GPUs, pressure(p))
	}
	first := len(line)
	for _, c := range l.columns {
		s, ok := p.Stat(c.Metric)
		switch {
		case !ok:
			line = append(line, missing)
		case l.spread:
			line = append(line, s.Spread())
		default:
			line = append(line, result.Number(s.Mean))
		}
	}
	if words := p.Unmeasured(); words != "" {
		line[first] = words
	}
	return line
}

// legend explains what stands in the table: its marks, the reasons behind them, ± and what was left out.
func (l layout) legend(g group) []string {
	metrics := metricsOf(l.columns)
	var lines []string
	for _, line := range remarkLines(g.points, func(code string) bool { return result.Noted([]string{code}, metrics...) }) {
		lines = append(lines, "- "+line)
	}
	lines = append(markLines(g.points, metrics), lines...)
	for _, line := range missedLines(g.points) {
		lines = append(lines, result.MarkMissed+" "+line)
	}
	if spreads(g.points, metrics) {
		if l.spread {
			lines = append(lines, spreadLine)
		} else {
			lines = append(lines, "Means over the trials; their spread needs a wider terminal and is in results.md.")
		}
	}
	if all := metric.Summary(); len(l.columns) < len(all) {
		var names []string
		for _, c := range all[len(l.columns):] {
			names = append(names, c.Heading)
		}
		lines = append(lines, "For lack of room without "+strings.Join(names, ", ")+": see results.md.")
	}
	return lines
}

// wrapped breaks text at blanks so that no line but one of a single word is wider than width; the lines after the first are indented.
func wrapped(text string, width int, indent string) string {
	if width == 0 || utf8.RuneCountInString(text) <= width {
		return text
	}
	lead := text[:len(text)-len(strings.TrimLeft(text, " "))]
	line, lines := lead, []string(nil)
	empty := true
	for word := range strings.FieldsSeq(text) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, line)
			line, empty = lead+indent, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	return strings.Join(append(lines, line), "\n")
}
