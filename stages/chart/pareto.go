package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/go-echarts/go-echarts/v2/charts"
	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// pareto shows what a GPU yields against what a user gets. Each line walks
// through the user counts of one deployment.
func pareto() Def {
	return Def{
		Name:  "pareto",
		Title: "Throughput per GPU against interactivity",
		Build: buildPareto,
	}
}

// Lengths of the chart in CSS pixels. At the width of a column, 3.3 inches, the
// smallest text of the narrow form is still 5 points; many points need a page's.
const (
	paretoNarrow = 520
	paretoWide   = 760
	paretoCrowd  = 30 // cells from which on the wide form is taken
	paretoLeft   = 62
	paretoAspect = 0.64 // of the plotting area, height by width
	axisBottom   = 44   // tick labels and the axis' name
)

const frontierName = "Pareto frontier"

func buildPareto(d Data) (Figure, error) {
	if len(d.Cells) == 0 {
		return Figure{}, errNoCells("pareto")
	}
	gs := groups(d.Cells)
	counts := gpuCounts(d.Cells)
	width := float64(paretoNarrow)
	if len(d.Cells) >= paretoCrowd {
		width = paretoWide
	}
	o := newOption()
	h := head(d, gs, trialsText(d.Cells, ThroughputPerGPU, Interactivity), "")
	titles, y := h.layout(margin, margin, width-2*margin)
	rivalry := gather(slices.Concat(gs...), rivals)
	var extra []legendItem
	for _, name := range frontierNames(rivalry, width-2*margin) {
		extra = append(extra, bareLine(name))
	}
	l, ghosts, height := key(counts, distinguish(gs), extra, y+4, width-2*margin)
	top := y + 4 + height + 14
	o.Title, o.Legend = titles, l
	area := box{left: paretoLeft, top: top, right: width - margin - 8}
	tall := math.Round(paretoAspect * (area.right - area.left))
	area.bottom = top + tall
	o.Grid = []opts.Grid{{Left: px(area.left), Top: px(top), Width: px(area.right - area.left), Height: px(tall)}}

	curves := paretoCurves(gs, counts)
	xs, ys := paretoScales(curves, area)
	o.XAxis = []valueAxis{numberAxis(xs, 0, "Interactivity (tok/s/user)", 26)}
	o.YAxis = []valueAxis{numberAxis(ys, 0, "Throughput per GPU (tok/s/GPU)", 46)}

	best := frontiers(rivalry, width-2*margin, xs.min, ys.min)
	unnamed := nameDots(curves, best, xs, ys, area)
	for _, f := range best {
		o.Series = append(o.Series, f.series())
	}
	o.Series = append(o.Series, ghosts...)
	for _, c := range curves {
		o.Series = append(o.Series, c.drawn()...)
	}
	notes := pointNotes(gs, curves, ThroughputPerGPU, Interactivity)
	if unnamed > 0 {
		notes = append(notes, fmt.Sprintf("Unnamed for lack of room: %d of %d points.", unnamed, len(d.Cells)))
	}
	bottom := notesAt(&o, notes, area.bottom+axisBottom, width-2*margin)
	title := "Throughput per GPU against interactivity: " + h.title
	return figure("pareto", title, int(width), int(math.Ceil(bottom))+margin, o)
}

// paretoCurves makes one curve per group and GPU count; what lacks either
// value has no place on the plane and is named in a footnote instead.
func paretoCurves(gs [][]Cell, counts []int) []curve {
	kinds := looks(counts)
	var out []curve
	for i, g := range gs {
		for _, run := range byGPUs(g) {
			c := curve{name: plural.Of(run[0].GPUs, "GPU"), look: kinds[run[0].GPUs], dash: dashOf(i)}
			for _, cell := range run {
				x, okX := cell.value(Interactivity)
				y, okY := cell.value(ThroughputPerGPU)
				if !okX || !okY {
					continue
				}
				fact := result.Number(y.Mean) + " tok/s/GPU at " + result.Number(x.Mean) + " tok/s/user"
				c.dots = append(c.dots, dot{cell: cell, x: x, y: y, tip: tipText(cell, fact)})
			}
			out = append(out, c)
		}
	}
	return out
}

func paretoScales(curves []curve, area box) (xs, ys scale) {
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, c := range curves {
		for _, d := range c.dots {
			low = [2]float64{min(low[0], d.x.Low, d.x.Mean), min(low[1], d.y.Low, d.y.Mean)}
			high = [2]float64{max(high[0], d.x.High, d.x.Mean), max(high[1], d.y.High, d.y.Mean)}
		}
	}
	xs, ys = spread(low[0], high[0], 8), spread(low[1], high[1], 8)
	xs.from, xs.to = area.left, area.right
	ys.from, ys.to = area.bottom, area.top
	return xs, ys
}

// frontier is the set of valid cells that no other beats in both metrics, by
// rising interactivity, with the outline of what they dominate.
type frontier struct {
	name    string
	look    int // which of the veils
	cells   []Cell
	outline [][2]float64
}

// frontiers finds the frontier of each group of rivals that has one.
func frontiers(rivalry [][]Cell, width, xMin, yMin float64) []frontier {
	names := frontierNames(rivalry, width)
	var out []frontier
	for i, g := range rivalry {
		if f := frontierOf(g); len(f.cells) > 0 {
			f.name, f.look = names[i], i
			f.trace(xMin, yMin)
			out = append(out, f)
		}
	}
	return out
}

// frontierNames are what the legend calls the frontiers, by what sets them apart.
func frontierNames(rivalry [][]Cell, width float64) []string {
	names := apart(rivalry, []part{modelOf, lengths}, benchmarkOf)
	for i, name := range names {
		names[i] = frontierName
		if name != "" {
			room := width - legendIcon - 5 - render.TextWidth(frontierName+": ", textSize, false)
			names[i] = frontierName + ": " + squeeze(name, textSize, false, room)
		}
	}
	return names
}

func frontierOf(rivals []Cell) (f frontier) {
	open := slices.DeleteFunc(slices.Clone(rivals), func(c Cell) bool {
		_, okX := c.value(Interactivity)
		_, okY := c.value(ThroughputPerGPU)
		return !okX || !okY || c.Validity == Invalid
	})
	slices.SortStableFunc(open, func(a, b Cell) int { // from the right, the higher first
		return cmp.Or(
			cmp.Compare(b.Values[Interactivity].Mean, a.Values[Interactivity].Mean),
			cmp.Compare(b.Values[ThroughputPerGPU].Mean, a.Values[ThroughputPerGPU].Mean),
		)
	})
	highest := math.Inf(-1)
	for _, c := range open {
		if y := c.Values[ThroughputPerGPU].Mean; y > highest {
			highest = y
			f.cells = append(f.cells, c)
		}
	}
	slices.Reverse(f.cells)
	return f
}

// trace draws the frontier as steps: between two measured cells only the lower
// throughput is known to be had.
func (f *frontier) trace(xMin, yMin float64) {
	left := xMin
	for i, c := range f.cells {
		x, y := c.Values[Interactivity].Mean, c.Values[ThroughputPerGPU].Mean
		f.outline = append(f.outline, [2]float64{left, y}, [2]float64{x, y})
		left = x
		if i == len(f.cells)-1 {
			f.outline = append(f.outline, [2]float64{x, yMin})
		}
	}
}

func (f frontier) series() series {
	color := veils()[f.look%len(veils())]
	return series{
		SingleSeries: charts.SingleSeries{
			Name: f.name, Type: "line", Data: f.outline, Symbol: "none", ItemStyle: &opts.ItemStyle{Color: color},
		},
		Z: 1, Silent: true,
		LineStyle: &lineStyle{LineStyle: opts.LineStyle{Color: color, Width: 4}, Type: "solid"},
	}
}

// nameDots puts the configurations' names beside their dots, those on a
// frontier first, and returns how many found no room.
func nameDots(curves []curve, best []frontier, xs, ys scale, area box) (unnamed int) {
	var owners []*dot
	var lines [][2]float64
	for _, c := range curves {
		var corners [][2]float64
		for i := range c.dots {
			owners = append(owners, &c.dots[i])
			corners = append(corners, [2]float64{xs.pixel(c.dots[i].x.Mean), ys.pixel(c.dots[i].y.Mean)})
		}
		lines = append(lines, samples(corners)...)
	}
	for _, f := range best {
		var corners [][2]float64
		for _, p := range f.outline {
			corners = append(corners, [2]float64{xs.pixel(p[0]), ys.pixel(p[1])})
		}
		lines = append(lines, samples(corners)...)
	}
	onFrontier := func(c Cell) bool {
		return slices.ContainsFunc(best, func(f frontier) bool {
			return slices.ContainsFunc(f.cells, func(o Cell) bool { return alike(c, o) && compareCells(c, o) == 0 })
		})
	}
	slices.SortStableFunc(owners, func(a, b *dot) int {
		switch fa, fb := onFrontier(a.cell), onFrontier(b.cell); {
		case fa == fb:
			return 0
		case fa:
			return -1
		default:
			return 1
		}
	})
	marks := make([]mark, len(owners))
	under := map[string]int{}
	for _, d := range owners {
		under[d.cell.pressure()]++
	}
	for i, d := range owners {
		texts := []string{d.cell.Name}
		if p := d.cell.pressure(); under[p] == 1 && p != "" { // else the users alone could be another's name
			texts = append(texts, p)
		}
		marks[i] = markAt(*d, xs, ys, texts...)
	}
	for i, p := range place(marks, lines, area) {
		if owners[i].label = p.label(); p.text == "" {
			unnamed++
		}
	}
	return unnamed
}
