package render

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"math"
	"strconv"
	"strings"

	"git.sr.ht/~sbinet/gg"
)

// maxPixels bounds the PNG's area: 100 million pixels are 400 MB of memory.
const maxPixels = 100e6

// PNG rasterises a picture that SVG returned. Scale is device pixels per CSS
// pixel, so width × height × scale² pixels come out, on whatever background the
// chart has (transparent where it has none).
//
// Errors: an SVG with features outside the subset ECharts writes, a scale that
// is not positive, or a picture above 100 million pixels.
func PNG(svg []byte, scale float64) ([]byte, error) {
	root, err := parseSVG(svg)
	if err != nil {
		return nil, fmt.Errorf("rasterise chart: %w", err)
	}
	img, err := rasterise(root, scale)
	if err != nil {
		return nil, fmt.Errorf("rasterise chart: %w", err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img.dc.Image()); err != nil {
		return nil, fmt.Errorf("rasterise chart: encode png: %w", err)
	}
	return out.Bytes(), nil
}

// canvas draws nodes with gg. Shapes are transformed to device pixels before gg
// sees them, so gg's own matrix stays the identity.
type canvas struct {
	dc    *gg.Context
	ids   map[string]*node // clip paths and patterns
	clips []path           // in force, in device pixels
}

func rasterise(root *node, scale float64) (*canvas, error) {
	w, errW := root.float("width", 0)
	h, errH := root.float("height", 0)
	if err := errors.Join(errW, errH); err != nil {
		return nil, err
	}
	pw, ph := math.Round(w*scale), math.Round(h*scale)
	if !(pw >= 1 && ph >= 1 && pw*ph <= maxPixels) {
		return nil, fmt.Errorf("picture of %g×%g at scale %g is not between one and %.0e pixels", w, h, scale, maxPixels)
	}
	c := &canvas{dc: gg.NewContext(int(pw), int(ph)), ids: map[string]*node{}}
	c.collect(root)
	return c, c.drawAll(root.children, matrix{a: scale, d: scale})
}

func (c *canvas) collect(n *node) {
	if id := n.get("id"); id != "" {
		c.ids[id] = n
	}
	for _, child := range n.children {
		c.collect(child)
	}
}

func (c *canvas) drawAll(nodes []*node, m matrix) error {
	for _, n := range nodes {
		if err := c.draw(n, m); err != nil {
			return err
		}
	}
	return nil
}

func (c *canvas) draw(n *node, m matrix) error {
	if n.name == "defs" || n.name == "title" {
		return nil
	}
	local, err := parseTransform(n.get("transform"))
	if err != nil {
		return err
	}
	if clip := reference(n.get("clip-path")); clip != "" {
		shapes, err := c.clipPath(clip)
		if err != nil {
			return err
		}
		defer c.clip(shapes, m)()
	}
	m = m.times(local)
	switch n.name {
	case "g":
		return c.drawAll(n.children, m)
	case "text":
		return c.drawText(n, m)
	default:
		p, err := n.outline()
		if err != nil {
			return err
		}
		return c.paint(n, p, m)
	}
}

// clipPath returns the joined shapes of a clipPath element.
func (c *canvas) clipPath(id string) (all path, err error) {
	def := c.ids[id]
	if def == nil {
		return nil, fmt.Errorf("svg refers to clip path %q, which it does not define", id)
	}
	for _, shape := range def.children {
		p, err := shape.outline()
		if err != nil {
			return nil, err
		}
		all = append(all, p...)
	}
	return all, nil
}

// clip narrows drawing to a path until the function it returns is called. gg's
// own Push and Pop keep the mask, so it is built anew from the clips that stay.
func (c *canvas) clip(p path, m matrix) (release func()) {
	c.clips = append(c.clips, p.transformed(m))
	c.applyClips()
	return func() {
		c.clips = c.clips[:len(c.clips)-1]
		c.applyClips()
	}
}

func (c *canvas) applyClips() {
	c.dc.ResetClip()
	for _, p := range c.clips {
		c.dc.ClearPath()
		c.trace(p, matrix{a: 1, d: 1})
		c.dc.Clip()
	}
}

// drawText draws one line of text as glyph outlines: they turn, scale and take
// a halo as any other shape does.
func (c *canvas) drawText(n *node, m matrix) error {
	x, errX := n.float("x", 0)
	y, errY := n.float("y", 0)
	if err := errors.Join(errX, errY); err != nil {
		return err
	}
	size, bold := fontSize(n), isBold(n.style("font-weight"))
	line, width := shape(n.text, size, bold)
	switch n.get("text-anchor") {
	case "middle":
		x -= width / 2
	case "end":
		x -= width
	}
	var all path
	for _, g := range line {
		p, err := outline(g.index, size, bold)
		if err != nil {
			return err
		}
		all = append(all, p.transformed(matrix{a: 1, d: 1, e: x + g.x, f: y})...)
	}
	if stroke := n.get("stroke"); stroke != "" && stroke != "none" { // ECharts writes paint-order="stroke"
		if err := c.stroke(n, stroke, all, m); err != nil {
			return err
		}
	}
	fill := n.get("fill")
	if fill == "none" {
		return nil
	}
	return c.fill(n, fill, all, m)
}

// reference returns the id in "url(#id)", or "".
func reference(value string) string {
	rest, ok := strings.CutPrefix(value, "url(#")
	if !ok {
		return ""
	}
	return strings.TrimSuffix(rest, ")")
}

// numbers reads a list separated by commas or blanks; "none" and "" are empty.
func numbers(list string) ([]float64, error) {
	if list == "none" {
		return nil, nil
	}
	var out []float64
	for field := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		v, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return nil, fmt.Errorf("svg number list %q: %w", list, err)
		}
		out = append(out, v)
	}
	return out, nil
}
