package render

import (
	"errors"
	"fmt"
	"math"
)

// paint fills and strokes a path with the node's presentation attributes.
func (c *canvas) paint(n *node, p path, m matrix) error {
	if fill := n.get("fill"); fill != "none" {
		if err := c.fill(n, fill, p, m); err != nil {
			return err
		}
	}
	if stroke := n.get("stroke"); stroke != "" && stroke != "none" {
		return c.stroke(n, stroke, p, m)
	}
	return nil
}

func (c *canvas) fill(n *node, fill string, p path, m matrix) error {
	if id := reference(fill); id != "" {
		return c.fillPattern(id, p, m)
	}
	ink, err := n.ink(fill, "fill-opacity")
	if err != nil || ink.A == 0 {
		return err
	}
	c.dc.ClearPath()
	c.trace(p, m)
	c.dc.SetColor(ink)
	c.dc.Fill()
	return nil
}

func (c *canvas) stroke(n *node, stroke string, p path, m matrix) error {
	ink, err := n.ink(stroke, "stroke-opacity")
	if err != nil {
		return err
	}
	width, err := n.float("stroke-width", 1)
	if err != nil || width == 0 || ink.A == 0 {
		return err
	}
	dashes, err := numbers(n.get("stroke-dasharray"))
	if err != nil {
		return err
	}
	for i := range dashes {
		dashes[i] *= m.scale()
	}
	c.dc.ClearPath()
	c.trace(p, m)
	c.dc.SetColor(ink)
	c.dc.SetLineWidth(width * m.scale())
	c.dc.SetDash(dashes...)
	c.dc.SetLineCapButt()
	if n.get("stroke-linecap") == "round" {
		c.dc.SetLineCapRound()
	}
	// gg has no miter join; a round one differs by less than the line's width.
	c.dc.SetLineJoinRound()
	c.dc.Stroke()
	return nil
}

// maxTiles bounds the work of one pattern fill.
const maxTiles = 20000

// fillPattern paints a pattern's tiles wherever they meet the path's bounds,
// clipped to the path. Tiles are drawn as shapes, so hatching stays sharp at
// every scale.
func (c *canvas) fillPattern(id string, p path, m matrix) error {
	def := c.ids[id]
	if def == nil {
		return fmt.Errorf("svg refers to pattern %q, which it does not define", id)
	}
	tile, err := parseTransform(def.get("patternTransform"))
	if err != nil {
		return err
	}
	width, errW := def.float("width", 0)
	height, errH := def.float("height", 0)
	if err := errors.Join(errW, errH); err != nil {
		return err
	}
	inverse, ok := tile.inverse()
	if !ok || width <= 0 || height <= 0 {
		return fmt.Errorf("pattern %q has no area", id)
	}
	low, high := p.bounds(inverse)
	i0, i1 := math.Floor(low.x/width), math.Ceil(high.x/width)
	j0, j1 := math.Floor(low.y/height), math.Ceil(high.y/height)
	if (i1-i0)*(j1-j0) > maxTiles {
		return fmt.Errorf("pattern %q needs more than %d tiles", id, maxTiles)
	}
	defer c.clip(p, m)()
	for i := i0; i < i1; i++ {
		for j := j0; j < j1; j++ {
			at := m.times(tile).times(matrix{a: 1, d: 1, e: i * width, f: j * height})
			if err := c.drawAll(def.children, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// trace hands a path to gg in device pixels.
func (c *canvas) trace(p path, m matrix) {
	for _, s := range p {
		c1, c2, to := m.apply(s.c1), m.apply(s.c2), m.apply(s.to)
		switch s.op {
		case moveTo:
			c.dc.MoveTo(to.x, to.y)
		case lineTo:
			c.dc.LineTo(to.x, to.y)
		case quadTo:
			c.dc.QuadraticTo(c1.x, c1.y, to.x, to.y)
		case cubeTo:
			c.dc.CubicTo(c1.x, c1.y, c2.x, c2.y, to.x, to.y)
		case closePath:
			c.dc.ClosePath()
		}
	}
}
