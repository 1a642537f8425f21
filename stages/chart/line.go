package chart

import (
	"slices"
	"strings"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// dot is one cell on a chart with two number axes.
type dot struct {
	cell  Cell
	x, y  Value
	tip   string
	label *label
}

// curve is the dots of one group and GPU count, by users.
type curve struct {
	name  string // legend entry
	look  look
	dash  any // line type of the group
	index int // axes it is drawn on
	dots  []dot
}

// dashOf returns the line type of the i-th group; GPU counts have the colours.
func dashOf(i int) any {
	dashes := []any{"solid", []int{6, 3}, []int{2, 2}, []int{8, 3, 2, 3}, []int{1, 3}}
	return dashes[i%len(dashes)]
}

// drawn returns a curve's series: a line through the valid dots, and the
// invalid ones hollow beside it, for a line through them would vouch for them.
func (c curve) drawn() []series {
	var valid, invalid []datum
	var ends [][2]errorBarEnd
	for _, d := range c.dots {
		item := datum{
			Name: d.cell.Name, Value: [2]float64{d.x.Mean, d.y.Mean}, Label: d.label,
			Tooltip: tip(d.tip),
		}
		ends = append(ends, spans(d)...)
		if d.cell.Validity != Invalid {
			valid = append(valid, item)
			continue
		}
		item.ItemStyle = &itemStyle{ItemStyle: opts.ItemStyle{Color: paper, BorderColor: c.look.color, BorderWidth: 1.5}}
		invalid = append(invalid, item)
	}
	plain := charts.SingleSeries{
		Name: c.name, XAxisIndex: c.index, YAxisIndex: c.index, Symbol: c.look.symbol, SymbolSize: symbolSize,
		ItemStyle: &opts.ItemStyle{Color: c.look.color, Opacity: opts.Float(1)},
	}
	line, hollow := plain, plain
	line.Type, line.Data, line.ShowSymbol = "line", valid, opts.Bool(true)
	hollow.Type, hollow.Data = "scatter", invalid
	bars := whiskers(ends, c.look.color)
	if bars != nil {
		bars.Z = 2 // under the symbols, which are wider than many a whisker
	}
	out := []series{{
		SingleSeries: line, Z: 3, MarkLine: bars,
		LineStyle: &lineStyle{LineStyle: opts.LineStyle{Color: c.look.color, Width: 1.5}, Type: c.dash},
	}}
	if len(invalid) > 0 {
		out = append(out, series{SingleSeries: hollow, Z: 4})
	}
	return out
}

const symbolSize = 7

// spans returns a dot's whiskers along either axis.
func spans(d dot) (ends [][2]errorBarEnd) {
	if d.x.varies() {
		ends = append(ends, span([2]float64{d.x.Low, d.y.Mean}, [2]float64{d.x.High, d.y.Mean}))
	}
	if d.y.varies() {
		ends = append(ends, span([2]float64{d.x.Mean, d.y.Low}, [2]float64{d.x.Mean, d.y.High}))
	}
	return ends
}

// key composes a legend from colour keys (GPU counts) and, where there are
// several groups, line keys; it returns the legend, the series that exist only
// to be in it, and the height it takes.
func key(counts []int, names []string, extra []legendItem, top, width float64) (*legend, []series, float64) {
	var items []legendItem
	for _, n := range counts { // the entry's line and symbol are the series' own
		items = append(items, legendItem{Name: plural.Of(n, "GPU")})
	}
	var ghosts []series
	if len(names) > 1 {
		for i, name := range names {
			name = squeeze(name, textSize, false, width-legendIcon-5)
			items = append(items, bareLine(name))
			ghosts = append(ghosts, series{
				SingleSeries: charts.SingleSeries{Name: name, Type: "line", Symbol: "none", Data: []datum{}},
				LineStyle:    &lineStyle{LineStyle: opts.LineStyle{Color: faint, Width: 1.5}, Type: dashOf(i)},
			})
		}
	}
	items = append(items, extra...)
	l := &legend{
		Legend: opts.Legend{
			Left: px(margin), Top: px(top), Width: px(width), Padding: 0, ItemWidth: legendIcon, ItemHeight: 9,
			Data: items, TextStyle: textStyle(textSize, ink, false),
		},
		ItemGap: legendGap,
	}
	rows := legendRows(items, width)
	return l, ghosts, rows*legendLine + (rows-1)*legendGap
}

// bareLine is a legend entry that shows a line without a symbol on it.
func bareLine(name string) legendItem {
	return legendItem{Name: name, ItemStyle: &opts.ItemStyle{Opacity: opts.Float(0)}}
}

// Lengths of a legend in CSS pixels.
const (
	legendIcon = 24
	legendGap  = 12
	legendLine = textSize + 4
)

// legendRows counts the lines ECharts breaks a legend into.
func legendRows(items []legendItem, width float64) float64 {
	rows, x := 1.0, 0.0
	for _, item := range items {
		w := legendIcon + 5 + render.TextWidth(item.Name, textSize, false)
		if x > 0 && x+w > width {
			rows, x = rows+1, 0
		}
		x += w + legendGap
	}
	return rows
}

// missing names the cells that a chart of these metrics cannot show, by group where there are several.
func missing(gs [][]Cell, metrics ...string) []string {
	var notes []string
	names := distinguish(gs)
	for i, g := range gs {
		var labels []string
		for _, c := range g {
			if slices.ContainsFunc(metrics, func(m string) bool { _, ok := c.value(m); return !ok }) {
				labels = append(labels, c.Name)
			}
		}
		if len(labels) > 0 {
			notes = append(notes, strings.TrimSuffix("No data: "+names[i], ": ")+": "+strings.Join(labels, ", ")+".")
		}
	}
	return notes
}

// pointNotes are the footnotes of charts that draw cells as points.
func pointNotes(gs [][]Cell, curves []curve, metrics ...string) []string {
	hollow := slices.ContainsFunc(curves, func(c curve) bool {
		return slices.ContainsFunc(c.dots, func(d dot) bool { return d.cell.Validity == Invalid })
	})
	var notes []string
	if hollow {
		notes = append(notes, "Hollow: the cell failed its validity gate; do not quote it.")
	}
	return append(notes, missing(gs, metrics...)...)
}

// numberAxis is a linear axis with its name at the middle.
func numberAxis(s scale, index int, name string, nameGap int) valueAxis {
	a := plainAxis(index, name, nameGap)
	a.Type, a.Min, a.Max, a.Interval = "value", s.min, s.max, s.step
	return a
}

func plainAxis(index int, name string, nameGap int) valueAxis {
	return valueAxis{
		XAxis: opts.XAxis{
			GridIndex: index, Name: name, NameLocation: "middle", NameGap: nameGap,
			AxisLine: &opts.AxisLine{
				Show: opts.Bool(true), OnZero: opts.Bool(false), LineStyle: &opts.LineStyle{Color: line, Width: 1},
			},
			SplitLine: &opts.SplitLine{Show: opts.Bool(true), LineStyle: &opts.LineStyle{Color: rule, Width: 1}},
		},
		AxisLabel:     &axisLabel{AxisLabel: opts.AxisLabel{Color: faint, FontSize: textSize, FontFamily: render.FontFamily}},
		AxisTick:      &axisTick{AxisTick: opts.AxisTick{Show: opts.Bool(false)}},
		NameTextStyle: textStyle(textSize, ink, false),
	}
}

// notesAt stacks footnotes from y downwards and returns where they end.
func notesAt(o *option, notes []string, y, width float64) float64 {
	for _, note := range notes {
		for _, l := range wrap(note, detailSize, false, width) {
			o.Title = append(o.Title, textAt(l, margin, y, detailSize, faint, false))
			y += detailSize + 4
		}
	}
	return y
}
