package chart

import (
	"math"
	"slices"

	"github.com/go-echarts/go-echarts/v2/opts"
)

// latencyCurve shows how both latencies grow with the load.
func latencyCurve() Def {
	return Def{
		Name:  "latency_curve",
		Title: "Latency against concurrent users",
		Needs: []string{LatencySeconds, TTFTSeconds},
		Build: buildLatencyCurve,
	}
}

// Lengths of the chart in CSS pixels.
const (
	latencyWidth  = 760
	latencyHeight = 230 // of a plotting area
	latencyLeft   = 56
	latencyGap    = 72 // between the areas: the second one's axis stands in it
)

func buildLatencyCurve(d Data) (Figure, error) {
	if len(d.Cells) == 0 {
		return Figure{}, errNoCells("latency_curve")
	}
	gs := groups(d.Cells)
	counts := gpuCounts(d.Cells)
	o := newOption()
	h := head(d, gs, trialsText(d.Cells, LatencySeconds, TTFTSeconds), "")
	titles, y := h.layout(margin, margin, latencyWidth-2*margin)
	l, ghosts, height := key(counts, distinguish(gs), nil, y+4, latencyWidth-2*margin)
	top := y + 4 + height + 34
	o.Title, o.Legend = titles, l
	o.Series = append(o.Series, ghosts...)

	var all []curve
	width := math.Floor((latencyWidth - latencyLeft - latencyGap - margin - 8) / 2)
	for i, p := range []panel{latencyPanel(), ttftPanel()} {
		x := latencyLeft + float64(i)*(width+latencyGap)
		o.Title = append(o.Title, textAt(p.name, x, top-24, headSize, ink, true))
		o.Grid = append(o.Grid, opts.Grid{Left: px(x), Top: px(top), Width: px(width), Height: px(latencyHeight)})
		curves := latencyCurves(gs, counts, p, i)
		o.XAxis = append(o.XAxis, usersAxis(d.Cells, i, width))
		o.YAxis = append(o.YAxis, numberAxis(latencyScale(curves), i, "Seconds", 36))
		for _, c := range curves {
			o.Series = append(o.Series, c.drawn()...)
		}
		all = append(all, curves...)
	}
	notes := pointNotes(gs, all, LatencySeconds, TTFTSeconds)
	bottom := notesAt(&o, notes, top+latencyHeight+axisBottom, latencyWidth-2*margin)
	title := "Latency against concurrent users: " + h.title
	return figure("latency_curve", title, latencyWidth, int(math.Ceil(bottom))+margin, o)
}

func latencyCurves(gs [][]Cell, counts []int, p panel, index int) []curve {
	kinds := looks(counts)
	var out []curve
	for i, g := range gs {
		for _, run := range byGPUs(g) {
			c := curve{name: gpusText(run[0].GPUs), look: kinds[run[0].GPUs], dash: dashOf(i), index: index}
			for _, cell := range run {
				y, ok := cell.value(p.metric)
				if !ok || cell.Users < 1 {
					continue
				}
				users := float64(cell.Users)
				x := Value{Mean: users, Low: users, High: users, Trials: 1, OK: true}
				c.dots = append(c.dots, dot{cell: cell, x: x, y: y, tip: tipText(cell, trialFacts(p, y)...)})
			}
			out = append(out, c)
		}
	}
	return out
}

// latencyScale starts at zero: twice the height is twice the wait.
func latencyScale(curves []curve) scale {
	high := 0.0
	for _, c := range curves {
		for _, d := range c.dots {
			high = max(high, d.y.High, d.y.Mean)
		}
	}
	return spread(0, high, 6)
}

// usersAxis is logarithmic to base 2, as user counts are chosen, with a tick at
// each count that was measured and half an octave of room at either end.
func usersAxis(cells []Cell, index int, width float64) valueAxis {
	var users []float64
	for _, c := range cells {
		if c.Users > 0 {
			users = append(users, float64(c.Users))
		}
	}
	if len(users) == 0 {
		users = []float64{1}
	}
	slices.Sort(users)
	users = slices.Compact(users)
	a := plainAxis(index, "Concurrent users", 26)
	low, high := users[0]/math.Sqrt2, users[len(users)-1]*math.Sqrt2
	a.Type, a.LogBase, a.Min, a.Max = "log", 2, low, high
	ticks := thin(users, width/math.Log2(high/low))
	a.AxisLabel.CustomValues, a.AxisTick.CustomValues = ticks, ticks
	return a
}

// thin drops ticks that would come closer than 28 pixels to the one before.
func thin(users []float64, pixelsPerOctave float64) []float64 {
	out := users[:1:1]
	for _, u := range users[1:] {
		if math.Log2(u/out[len(out)-1])*pixelsPerOctave >= 28 {
			out = append(out, u)
		}
	}
	return out
}
