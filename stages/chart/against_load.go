package chart

import (
	"math"
	"slices"
	"strings"

	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/strangeloopio/inferencex/schemas/plural"
)

// againstLoad is a chart of metrics side by side against what the cells were measured under, by group and
// GPU count.
func againstLoad(name, what string, panels ...panel) Def {
	return Def{
		Name:  name,
		Title: what + " against load",
		Build: func(d Data) (Figure, error) { return buildAgainstLoad(name, what, panels, d) },
	}
}

// Lengths of the chart in CSS pixels.
const (
	loadWidth  = 760
	loadHeight = 230 // of a plotting area
	loadLeft   = 56
	loadGap    = 72 // between the areas: the second one's axis stands in it
	loadHead   = 34 // of a row of areas: their names
)

// pressure is one way to load a server: an axis of its own.
type pressure struct {
	axis string // name of the axis
	of   func(Cell) float64
}

// pressures lists what the cells were measured under: users, requests per second, or both.
func pressures(cells []Cell) []pressure {
	users := pressure{"Concurrent users", func(c Cell) float64 { return float64(c.Users) }}
	rates := pressure{rateAxis(cells), func(c Cell) float64 { return c.RateRPS }}
	closed := slices.ContainsFunc(cells, func(c Cell) bool { return !c.open() })
	open := slices.ContainsFunc(cells, Cell.open)
	switch {
	case closed && open:
		return []pressure{users, rates}
	case open:
		return []pressure{rates}
	default:
		return []pressure{users}
	}
}

// rateAxis says what comes at a rate: requests, or where they have turns conversations, each of several
// requests.
func rateAxis(cells []Cell) string {
	open := slices.DeleteFunc(slices.Clone(cells), func(c Cell) bool { return !c.open() })
	talks := func(c Cell) bool { return c.Turns != "" }
	alone := func(c Cell) bool { return c.Turns == "" }
	switch {
	case !slices.ContainsFunc(open, talks):
		return "Requests per second"
	case !slices.ContainsFunc(open, alone):
		return "Conversations begun per second"
	default:
		return "Requests, or conversations begun, per second"
	}
}

func buildAgainstLoad(name, what string, panels []panel, d Data) (Figure, error) {
	if len(d.Cells) == 0 {
		return Figure{}, errNoCells(name)
	}
	var metrics []string
	for _, p := range panels {
		metrics = append(metrics, p.metric)
	}
	if held := byPhase(d.Cells); len(held) > 0 {
		d.Cells = held
	}
	gs := groups(d.Cells)
	counts := gpuCounts(d.Cells)
	o := newOption()
	h := head(d, gs, trialsText(d.Cells, metrics...), "")
	titles, y := h.layout(margin, margin, loadWidth-2*margin)
	l, ghosts, height := key(counts, distinguish(gs), nil, y+4, loadWidth-2*margin)
	o.Title, o.Legend = titles, l
	o.Series = append(o.Series, ghosts...)

	bottom := y + 4 + height
	var all []curve
	var axes []string
	for _, under := range pressures(d.Cells) {
		all = append(all, addPanels(&o, panels, gs, counts, under, bottom+loadHead)...)
		bottom += loadHead + loadHeight + axisBottom
		axes = append(axes, strings.ToLower(under.axis))
	}
	bottom = notesAt(&o, pointNotes(gs, all, metrics...), bottom, loadWidth-2*margin)
	title := what + " against " + strings.Join(axes, " and ") + ": " + h.title
	return figure(name, title, loadWidth, int(math.Ceil(bottom))+margin, o)
}

// addPanels appends a row of metrics under one kind of pressure, whose areas begin at top, and returns its
// curves.
func addPanels(o *option, panels []panel, gs [][]Cell, counts []int, under pressure, top float64) []curve {
	var all []curve
	n := float64(len(panels))
	width := math.Floor((loadWidth - loadLeft - (n-1)*loadGap - margin - 8) / n)
	for i, p := range panels {
		x := loadLeft + float64(i)*(width+loadGap)
		o.Title = append(o.Title, textAt(p.name, x, top-24, headSize, ink, true))
		index := len(o.Grid)
		o.Grid = append(o.Grid, opts.Grid{Left: px(x), Top: px(top), Width: px(width), Height: px(loadHeight)})
		curves := loadCurves(gs, counts, p, under, index)
		o.XAxis = append(o.XAxis, pressureAxis(slices.Concat(gs...), under, index, width))
		o.YAxis = append(o.YAxis, numberAxis(fromZero(curves), index, axisName(p.unit), 36))
		for _, c := range curves {
			o.Series = append(o.Series, c.drawn()...)
		}
		all = append(all, curves...)
	}
	return all
}

// loadCurves makes a curve of each group and GPU count that has cells under such pressure.
func loadCurves(gs [][]Cell, counts []int, p panel, under pressure, index int) []curve {
	kinds := looks(counts)
	var out []curve
	for i, g := range gs {
		for _, run := range byGPUs(g) {
			c := curve{name: plural.Of(run[0].GPUs, "GPU"), look: kinds[run[0].GPUs], dash: dashOf(i), index: index}
			for _, cell := range run {
				y, ok := cell.value(p.metric)
				if !ok || under.of(cell) <= 0 {
					continue
				}
				at := under.of(cell)
				x := Value{Mean: at, Low: at, High: at, Trials: 1, OK: true}
				c.dots = append(c.dots, dot{cell: cell, x: x, y: y, tip: tipText(cell, trialFacts(p, y)...)})
			}
			out = append(out, c)
		}
	}
	return out
}

// axisName is a unit as the name of an axis.
func axisName(unit string) string {
	if unit == "s" {
		return "Seconds"
	}
	return unit
}

// fromZero is a scale that starts at zero: twice the height is twice the wait.
func fromZero(curves []curve) scale {
	high := 0.0
	for _, c := range curves {
		for _, d := range c.dots {
			high = max(high, d.y.High, d.y.Mean)
		}
	}
	return spread(0, high, 6)
}

// pressureAxis is logarithmic to base 2, as user counts are chosen, with a tick at
// each value that was measured and half an octave of room at either end.
func pressureAxis(cells []Cell, under pressure, index int, width float64) valueAxis {
	var values []float64
	for _, c := range cells {
		if v := under.of(c); v > 0 {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		values = []float64{1}
	}
	slices.Sort(values)
	values = slices.Compact(values)
	a := plainAxis(index, under.axis, 26)
	low, high := values[0]/math.Sqrt2, values[len(values)-1]*math.Sqrt2
	a.Type, a.LogBase, a.Min, a.Max = "log", 2, low, high
	ticks := thin(values, width/math.Log2(high/low))
	a.AxisLabel.CustomValues, a.AxisTick.CustomValues = ticks, ticks
	return a
}

// thin drops ticks that would come closer than 28 pixels to the one before.
func thin(values []float64, pixelsPerOctave float64) []float64 {
	out := values[:1:1]
	for _, v := range values[1:] {
		if math.Log2(v/out[len(out)-1])*pixelsPerOctave >= 28 {
			out = append(out, v)
		}
	}
	return out
}
