package chart

import (
	"math"
	"slices"

	"github.com/go-echarts/go-echarts/v2/opts"

	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// box is an axis-parallel rectangle in pixels.
type box struct{ left, top, right, bottom float64 }

func (b box) meets(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

func (b box) within(o box) bool {
	return b.left >= o.left && b.right <= o.right && b.top >= o.top && b.bottom <= o.bottom
}

// nearest is the distance to the closest of the others, zero where they meet.
func (b box) nearest(others []box) float64 {
	least := math.Inf(1)
	for _, o := range others {
		least = min(least, math.Hypot(max(b.left-o.right, 0, o.left-b.right), max(b.top-o.bottom, 0, o.top-b.bottom)))
	}
	return least
}

func (b box) holds(x, y float64) bool {
	return x > b.left && x < b.right && y > b.top && y < b.bottom
}

// mark is a point that wants a name beside it. Texts are tried in order, the
// fullest first.
type mark struct {
	x, y  float64
	texts []string
	body  []box // its symbol and whiskers
}

// placed is where a name's centre goes, relative to its mark.
type placed struct {
	text   string
	dx, dy float64
	box    box
}

// place finds a spot for each mark's name: inside the area, over no mark and no
// other name, and across as little of the lines as can be. Earlier marks choose
// first; one without a free spot stays unnamed (its text is ""). Lines are given
// as sample points.
func place(marks []mark, lines [][2]float64, area box) []placed {
	out := make([]placed, len(marks))
	var taken []box
	for _, m := range marks {
		taken = append(taken, m.body...)
	}
	for i, m := range marks {
		for _, text := range m.texts {
			best, found := bestSpot(marks, i, text, taken, lines, area)
			if found {
				out[i] = best
				taken = append(taken, best.box)
				break
			}
		}
	}
	return out
}

// bestSpot tries eight directions at growing distances for the i-th mark. A
// spot nearly as close to another mark would name that one instead.
func bestSpot(marks []mark, i int, text string, taken []box, lines [][2]float64, area box) (best placed, found bool) {
	m := marks[i]
	w, h := render.TextWidth(text, detailSize, false)+2, float64(detailSize)+2
	lowest := 0
	for ring := range 4 {
		gap := symbolSize/2 + 2 + 4*float64(ring)
		for turn, d := range [][2]float64{{1, 0}, {0, -1}, {0, 1}, {-1, 0}, {1, -1}, {1, 1}, {-1, -1}, {-1, 1}} {
			dx, dy := d[0]*(w/2+gap), d[1]*(h/2+gap)
			if d[0] != 0 && d[1] != 0 { // a corner may come closer than a side
				dx, dy = d[0]*(w/2+gap-3), d[1]*(h/2+gap-3)
			}
			b := box{m.x + dx - w/2, m.y + dy - h/2, m.x + dx + w/2, m.y + dy + h/2}
			if !b.within(area) || slices.ContainsFunc(taken, b.meets) || ambiguous(marks, i, b) {
				continue
			}
			cost := 4*ring*ring + turn/2
			for _, p := range lines {
				if b.holds(p[0], p[1]) {
					cost += 2
				}
			}
			if !found || cost < lowest {
				best, found, lowest = placed{text, dx, dy, b}, true, cost
			}
		}
	}
	return best, found
}

// ambiguous reports a box that a reader could take for another mark's name. A
// mark that hides behind the own one does not count: no spot tells them apart.
func ambiguous(marks []mark, i int, b box) bool {
	own := b.nearest(marks[i].body)
	for j, m := range marks {
		hidden := math.Hypot(m.x-marks[i].x, m.y-marks[i].y) < symbolSize/2
		if !hidden && j != i && b.nearest(m.body) < own+2 {
			return true
		}
	}
	return false
}

// label turns a spot into a data item's label, or nil for an unnamed mark.
func (p placed) label() *label {
	if p.text == "" {
		return nil
	}
	return &label{
		Label: opts.Label{
			Show: opts.Bool(true), Position: "inside", Formatter: plain(p.text), Color: ink, FontSize: detailSize,
			FontFamily: render.FontFamily, Align: "center", VerticalAlign: "middle",
		},
		Offset:          [2]float64{round1(p.dx), round1(p.dy)},
		TextBorderColor: paper, TextBorderWidth: 2,
	}
}

// markAt is a dot's mark on the page, whiskers included.
func markAt(d dot, xs, ys scale, texts ...string) mark {
	const r = symbolSize/2 + 1
	x, y := xs.pixel(d.x.Mean), ys.pixel(d.y.Mean)
	return mark{x: x, y: y, texts: texts, body: []box{
		{x - r, y - r, x + r, y + r},
		{xs.pixel(d.x.Low) - 1, y - 3, xs.pixel(d.x.High) + 1, y + 3},
		{x - 3, ys.pixel(d.y.High) - 1, x + 3, ys.pixel(d.y.Low) + 1},
	}}
}

// samples walks along a polyline in steps of at most 3 pixels.
func samples(corners [][2]float64) [][2]float64 {
	var out [][2]float64
	for i := 1; i < len(corners); i++ {
		a, b := corners[i-1], corners[i]
		dx, dy := b[0]-a[0], b[1]-a[1]
		n := int(max(math.Abs(dx), math.Abs(dy))/3) + 1
		for k := range n {
			t := float64(k) / float64(n)
			out = append(out, [2]float64{a[0] + t*dx, a[1] + t*dy})
		}
	}
	return out
}
