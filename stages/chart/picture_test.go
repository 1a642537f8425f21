package chart_test

import (
	"encoding/xml"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// picture is an SVG read back: what a reader sees, in pixels.
type picture struct {
	width, height float64
	texts         []textBox
	shapes        []shape
}

type textBox struct {
	text                     string
	left, top, right, bottom float64
}

type shape struct {
	d, fill, stroke          string
	left, top, right, bottom float64 // of absolute and relative line paths without transform
}

// element is any SVG element with the attributes that tests read.
type element struct {
	XMLName   xml.Name
	Width     string    `xml:"width,attr"`
	Height    string    `xml:"height,attr"`
	X         float64   `xml:"x,attr"`
	Y         float64   `xml:"y,attr"`
	D         string    `xml:"d,attr"`
	Fill      string    `xml:"fill,attr"`
	Stroke    string    `xml:"stroke,attr"`
	Anchor    string    `xml:"text-anchor,attr"`
	Style     string    `xml:"style,attr"`
	Transform string    `xml:"transform,attr"`
	Text      string    `xml:",chardata"`
	Children  []element `xml:",any"`
}

func read(t *testing.T, svg []byte) picture {
	t.Helper()
	var root element
	if err := xml.Unmarshal(svg, &root); err != nil {
		t.Fatalf("read SVG: %v", err)
	}
	var p picture
	p.width, _ = strconv.ParseFloat(root.Width, 64)
	p.height, _ = strconv.ParseFloat(root.Height, 64)
	p.collect(t, root.Children)
	return p
}

func (p *picture) collect(t *testing.T, elements []element) {
	for _, e := range elements {
		switch e.XMLName.Local {
		case "text":
			p.texts = append(p.texts, e.box(t))
		case "path":
			p.shapes = append(p.shapes, e.shape(t))
		case "defs":
			continue
		}
		p.collect(t, e.Children)
	}
}

var fontPattern = regexp.MustCompile(`font-size:([\d.]+)px`)

// box is where the text stands, from real metrics: cap height above the
// baseline and a descender below it.
func (e element) box(t *testing.T) textBox {
	t.Helper()
	size := 12.0
	if m := fontPattern.FindStringSubmatch(e.Style); m != nil {
		size, _ = strconv.ParseFloat(m[1], 64)
	}
	w := render.TextWidth(e.Text, size, strings.Contains(e.Style, "font-weight:bold"))
	x := e.X
	switch e.Anchor {
	case "middle":
		x -= w / 2
	case "end":
		x -= w
	}
	corners := [4][2]float64{{x, e.Y - .72*size}, {x + w, e.Y - .72*size}, {x, e.Y + .2*size}, {x + w, e.Y + .2*size}}
	b := textBox{e.Text, math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	m := readMatrix(t, e.Transform)
	for _, c := range corners {
		px, py := m[0]*c[0]+m[2]*c[1]+m[4], m[1]*c[0]+m[3]*c[1]+m[5]
		b.left, b.right = min(b.left, px), max(b.right, px)
		b.top, b.bottom = min(b.top, py), max(b.bottom, py)
	}
	return b
}

func readMatrix(t *testing.T, s string) [6]float64 {
	t.Helper()
	m := [6]float64{1, 0, 0, 1, 0, 0}
	name, rest, ok := strings.Cut(s, "(")
	if !ok {
		return m
	}
	var v []float64
	for field := range strings.FieldsFuncSeq(strings.TrimSuffix(rest, ")"), func(r rune) bool { return r == ' ' || r == ',' }) {
		f, err := strconv.ParseFloat(field, 64)
		if err != nil {
			t.Fatalf("transform %q: %v", s, err)
		}
		v = append(v, f)
	}
	switch name {
	case "translate":
		m[4], m[5] = v[0], append(v, 0)[1]
	case "matrix":
		copy(m[:], v)
	default:
		t.Fatalf("transform %q is unknown to the test", s)
	}
	return m
}

var linePath = regexp.MustCompile(`^M([-\d.]+) ([-\d.]+)l([-\d.]+) ([-\d.]+)l([-\d.]+) ([-\d.]+)l`)

// shape reads the box of a rectangle as ECharts writes bars: "Mx yl w 0l 0 hl…".
func (e element) shape(t *testing.T) shape {
	t.Helper()
	s := shape{d: e.D, fill: e.Fill, stroke: e.Stroke}
	if m := linePath.FindStringSubmatch(e.D); m != nil && e.Transform == "" {
		var v [6]float64
		for i := range v {
			v[i], _ = strconv.ParseFloat(m[i+1], 64)
		}
		s.left, s.top, s.right, s.bottom = v[0], v[1], v[0]+v[2], v[1]+v[5]
		if s.top > s.bottom {
			s.top, s.bottom = s.bottom, s.top
		}
	}
	return s
}

// bars are the rectangles of one fill, longer than the legend's swatches are high.
func (p picture) bars(fill string) (out []shape) {
	for _, s := range p.shapes {
		if s.fill == fill && s.bottom > s.top && s.bottom-s.top > 11 {
			out = append(out, s)
		}
	}
	return out
}

func (p picture) count(text string) (n int) {
	for _, b := range p.texts {
		if b.text == text {
			n++
		}
	}
	return n
}

func (p picture) find(t *testing.T, text string) textBox {
	t.Helper()
	for _, b := range p.texts {
		if b.text == text {
			return b
		}
	}
	t.Fatalf("no text %q among %q", text, p.allText())
	return textBox{}
}

func (p picture) allText() string {
	var all []string
	for _, b := range p.texts {
		all = append(all, b.text)
	}
	return strings.Join(all, "\n")
}

// overlaps lists pairs of texts whose boxes meet by more than half a pixel.
func (p picture) overlaps() (out []string) {
	for i, a := range p.texts {
		for _, b := range p.texts[i+1:] {
			if min(a.right, b.right)-max(a.left, b.left) > .5 && min(a.bottom, b.bottom)-max(a.top, b.top) > .5 {
				out = append(out, fmt.Sprintf("%q over %q", a.text, b.text))
			}
		}
	}
	return out
}

// outside lists texts that stick out of the picture.
func (p picture) outside() (out []string) {
	for _, b := range p.texts {
		if b.left < 0 || b.top < 0 || b.right > p.width || b.bottom > p.height {
			out = append(out, fmt.Sprintf("%q at %.0f..%.0f × %.0f..%.0f", b.text, b.left, b.right, b.top, b.bottom))
		}
	}
	return out
}
