package chart

import (
	"math"
	"slices"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// panel is one of the five small multiples.
type panel struct{ metric, name, unit, better string }

func panelList() []panel {
	return []panel{
		{ThroughputPerGPU, "Throughput per GPU", "tok/s/GPU", "more is better"},
		latencyPanel(),
		{Interactivity, "Interactivity", "tok/s/user", "more is better"},
		ttftPanel(),
		{TokensPerKW, "Power efficiency", "tok/s/kW", "more is better"},
	}
}

func latencyPanel() panel {
	return panel{LatencySeconds, "End-to-end latency", "s", "less is better"}
}

func ttftPanel() panel {
	return panel{TTFTSeconds, "Time to first token", "s", "less is better"}
}

// panels compares all configurations by five metrics side by side. The bars lie
// flat: every panel shares the rows and their names, and any number of
// configurations stays readable at the width of a page.
func panels() Def {
	return Def{
		Name:  "panels",
		Title: "Configurations by throughput, latency, interactivity, TTFT and power efficiency",
		Build: buildPanels,
	}
}

// Lengths of the panels' layout in CSS pixels.
const (
	panelsWidth   = 760
	panelMin      = 118 // holds the longest unit line
	panelGap      = 16
	margin        = 12
	labelGap      = 8 // between a row's name and its bars
	labelMax      = 300
	rowHeight     = 20
	axisHeight    = 20
	valueGap      = 4 // between a bar's end and its value
	legendHeight  = 22
	panelHeadings = 34
)

// sheet is the geometry that all panels share.
type sheet struct {
	rows          []row
	left, top     float64 // corner of the first panel's bars
	panelWidth    float64
	width, height int
}

func buildPanels(d Data) (Figure, error) {
	if len(d.Cells) == 0 {
		return Figure{}, errNoCells("panels")
	}
	gs := groups(d.Cells)
	s, o := sheet{rows: rowsOf(gs)}, newOption()
	s.measure()

	power := ""
	switch {
	case len(gs) > 1: // stands in the groups' headings
	case d.Simulated:
		power = "Simulated power per GPU: " + powerText(gs[0])
	default:
		power = "Measured power per GPU: " + powerText(gs[0])
	}
	var metrics []string
	for _, p := range panelList() {
		metrics = append(metrics, p.metric)
	}
	h := head(d, gs, trialsText(d.Cells, metrics...), power)
	titles, y := h.layout(margin, margin, float64(s.width)-2*margin)
	o.Title = titles
	counts := gpuCounts(d.Cells)
	o.Legend = legendAt(counts, y+4)
	s.top = y + 4 + legendHeight + panelHeadings
	bottom := s.top + float64(len(s.rows))*rowHeight

	for i, p := range panelList() {
		s.addPanel(&o, i, p, counts)
	}
	for i, r := range s.rows {
		if r.heading != "" {
			text := r.title(float64(s.width) - 2*margin)
			t := textAt(text, margin, s.top+float64(i)*rowHeight, textSize, ink, true)
			t.TitleBackgroundColor = paper // the grid's lines stop at it, over the row's whole height
			t.Padding = [4]int{3, 6, 2, 0}
			o.Title = append(o.Title, t)
		}
	}
	bottom = notesAt(&o, footnotes(d.Cells), bottom+axisHeight+2, float64(s.width)-2*margin)
	s.height = int(math.Ceil(bottom)) + margin
	return figure("panels", h.title, s.width, s.height, o)
}

// measure sets the widths: the names take what they need, the panels share the
// rest of a page or, below their minimum, widen the page.
func (s *sheet) measure() {
	names := 0.0
	for _, r := range s.rows {
		names = max(names, render.TextWidth(r.name(), textSize, false))
	}
	s.left = math.Ceil(margin + names + labelGap)
	n := float64(len(panelList()))
	s.panelWidth = max(panelMin, math.Floor((panelsWidth-margin-s.left-(n-1)*panelGap)/n))
	s.width = int(s.left + n*s.panelWidth + (n-1)*panelGap + margin)
}

// addPanel appends the i-th panel's heading, grid, axes and bars.
func (s *sheet) addPanel(o *option, i int, p panel, counts []int) {
	x := s.left + float64(i)*(s.panelWidth+panelGap)
	o.Title = append(o.Title,
		textAt(p.name, x, s.top-panelHeadings, headSize, ink, true),
		textAt(p.unit+", "+p.better, x, s.top-panelHeadings+headSize+4, detailSize, faint, false))
	o.Grid = append(o.Grid, opts.Grid{
		Left: px(x), Top: px(s.top), Width: px(s.panelWidth), Height: px(float64(len(s.rows)) * rowHeight),
	})
	ax := s.valueScale(p.metric)
	o.XAxis = append(o.XAxis, valueAxis{
		XAxis: opts.XAxis{
			Type: "value", GridIndex: i, Min: ax.min, Max: ax.max,
			AxisLine:  &opts.AxisLine{Show: opts.Bool(false)},
			SplitLine: &opts.SplitLine{Show: opts.Bool(true), LineStyle: &opts.LineStyle{Color: rule, Width: 1}},
		},
		AxisLabel: &axisLabel{
			AxisLabel:    opts.AxisLabel{Color: faint, FontSize: detailSize, FontFamily: render.FontFamily, Margin: 4},
			CustomValues: ax.ticks(),
		},
		AxisTick: &axisTick{AxisTick: opts.AxisTick{Show: opts.Bool(false)}, CustomValues: ax.ticks()},
	})
	var names []string
	for _, r := range s.rows {
		names = append(names, r.name())
	}
	all := 0
	o.YAxis = append(o.YAxis, valueAxis{
		XAxis: opts.XAxis{
			Type: "category", GridIndex: i, Inverse: opts.Bool(true), Data: names,
			AxisLine: &opts.AxisLine{Show: opts.Bool(true), LineStyle: &opts.LineStyle{Color: line, Width: 1}},
		},
		AxisLabel: &axisLabel{
			AxisLabel: opts.AxisLabel{
				Show: opts.Bool(i == 0), Color: ink, FontSize: textSize, FontFamily: render.FontFamily, Margin: labelGap,
			},
			Interval: &all,
		},
		AxisTick: &axisTick{AxisTick: opts.AxisTick{Show: opts.Bool(false)}},
	})
	kinds := looks(counts)
	for _, n := range counts {
		o.Series = append(o.Series, s.bars(i, p, n, kinds[n]), s.values(i, p, n))
	}
}

// valueScale starts at zero and ends where the widest bar's value still fits.
func (s *sheet) valueScale(metric string) scale {
	high, reach := 0.0, 0.0
	for _, r := range s.rows {
		v, ok := r.cell.value(metric)
		if !ok || r.heading != "" {
			continue
		}
		end := max(v.High, v.Mean)
		text := render.TextWidth(result.Number(v.Mean), detailSize, false) + valueGap + 2
		high, reach = max(high, end), max(reach, end*s.panelWidth/(s.panelWidth-text))
	}
	if reach <= 0 {
		return scale{max: 1, step: 2} // one tick at zero: there is no scale to read
	}
	ax := scale{max: reach, step: niceStep(high, 3), to: s.panelWidth}
	for n := 2; n > 0 && ax.crowded(); n-- {
		ax.step = niceStep(high, n)
	}
	return ax
}

// bars is the series of one GPU count in one panel. No two counts share a row,
// so their bars need no room beside each other.
func (s *sheet) bars(i int, p panel, gpus int, l look) series {
	var data []datum
	var ends [][2]errorBarEnd
	for j, r := range s.rows {
		v, ok := r.cell.value(p.metric)
		if !ok || r.heading != "" || r.cell.GPUs != gpus {
			continue
		}
		bar := datum{Name: r.cell.Name, Value: [2]float64{v.Mean, float64(j)}, Tooltip: tip(tipText(r.cell, trialFacts(p, v)...))}
		if r.cell.Validity == Invalid {
			bar.ItemStyle = hatched(l.color)
		}
		data = append(data, bar)
		if v.varies() {
			ends = append(ends, span([2]float64{v.Low, float64(j)}, [2]float64{v.High, float64(j)}))
		}
	}
	return series{
		SingleSeries: charts.SingleSeries{
			Name: plural.Of(gpus, "GPU"), Type: "bar", XAxisIndex: i, YAxisIndex: i, Data: data,
			BarGap: "-100%", BarWidth: "62%", ItemStyle: &opts.ItemStyle{Color: l.color},
		},
		MarkLine: whiskers(ends, ink),
	}
}

// values writes each bar's number after its end, beyond the whisker, and says
// where there is no number.
func (s *sheet) values(i int, p panel, gpus int) series {
	var data []datum
	for j, r := range s.rows {
		if r.heading != "" || r.cell.GPUs != gpus {
			continue
		}
		text, at, color := noData, 0.0, faint
		if v, ok := r.cell.value(p.metric); ok {
			text, at, color = result.Number(v.Mean), max(v.High, v.Mean), ink
		}
		data = append(data, datum{
			Value: [2]float64{at, float64(j)},
			Label: &label{
				Label: opts.Label{
					Show: opts.Bool(true), Position: "right", Formatter: text, Color: color,
					FontSize: detailSize, FontFamily: render.FontFamily,
				},
				Distance: valueGap, TextBorderColor: paper, TextBorderWidth: 2,
			},
		})
	}
	return series{
		SingleSeries: charts.SingleSeries{
			Name: plural.Of(gpus, "GPU"), Type: "scatter", XAxisIndex: i, YAxisIndex: i, Data: data, SymbolSize: 0,
			ItemStyle: &opts.ItemStyle{Opacity: opts.Float(1)},
		},
		Silent: true,
		Z:      5,
	}
}

// legendAt is one entry per GPU count, in one line from the left margin.
func legendAt(counts []int, top float64) *legend {
	kinds := looks(counts)
	var items []legendItem
	for _, n := range counts {
		items = append(items, legendItem{
			Name: plural.Of(n, "GPU"), Icon: "rect", ItemStyle: &opts.ItemStyle{Color: kinds[n].color},
		})
	}
	return &legend{
		Legend: opts.Legend{
			Left: px(margin), Top: px(top), Padding: 0, ItemWidth: 10, ItemHeight: 10,
			Data: items, TextStyle: textStyle(textSize, ink, false), Icon: "rect",
		},
		ItemGap: 16,
	}
}

// footnotes explains the marks that the cells make the chart use.
func footnotes(cells []Cell) []string {
	var drawn, blank, noted bool
	for _, c := range cells {
		bars := slices.ContainsFunc(panelList(), func(p panel) bool { _, ok := c.value(p.metric); return ok })
		mark := panelMark(c)
		drawn = drawn || mark == result.MarkInvalid && bars
		blank = blank || mark == result.MarkInvalid && !bars
		noted = noted || mark == result.MarkNoted
	}
	var notes []string
	switch {
	case drawn && blank:
		notes = append(notes, "† Hatched bars: the cell failed its validity gate; do not quote it. No bars: it failed or was not measured.")
	case drawn:
		notes = append(notes, "† Hatched bars: the cell failed its validity gate; do not quote it.")
	case blank:
		notes = append(notes, "† No bars: the cell failed or was not measured.")
	}
	if noted {
		notes = append(notes, "* Valid, with a note on a number of the row; see the report's section on validity.")
	}
	return notes
}
