package render

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"strconv"
	"strings"
)

// outline returns the path of a basic shape.
func (n *node) outline() (path, error) {
	switch n.name {
	case "path":
		return parsePath(n.get("d"))
	case "rect":
		return n.rectangle()
	case "circle":
		return n.circle()
	case "polyline", "polygon":
		at, err := numbers(n.get("points"))
		if err != nil {
			return nil, err
		}
		var p path
		for i := 0; i+1 < len(at); i += 2 {
			op := lineTo
			if i == 0 {
				op = moveTo
			}
			p = append(p, segment{op: op, to: point{at[i], at[i+1]}})
		}
		if n.name == "polygon" {
			p = append(p, segment{op: closePath})
		}
		return p, nil
	default:
		return nil, fmt.Errorf("svg element <%s> has no outline", n.name)
	}
}

func (n *node) rectangle() (path, error) {
	x, ex := n.float("x", 0)
	y, ey := n.float("y", 0)
	w, ew := n.float("width", 0)
	h, eh := n.float("height", 0)
	return path{
		{op: moveTo, to: point{x, y}},
		{op: lineTo, to: point{x + w, y}},
		{op: lineTo, to: point{x + w, y + h}},
		{op: lineTo, to: point{x, y + h}},
		{op: closePath},
	}, errors.Join(ex, ey, ew, eh)
}

func (n *node) circle() (path, error) {
	x, ex := n.float("cx", 0)
	y, ey := n.float("cy", 0)
	r, er := n.float("r", 0)
	p := path{{op: moveTo, to: point{x + r, y}}}
	p = appendArc(p, point{x + r, y}, point{x - r, y}, r, r, 0, false, true)
	p = appendArc(p, point{x - r, y}, point{x + r, y}, r, r, 0, false, true)
	return append(p, segment{op: closePath}), errors.Join(ex, ey, er)
}

func (p path) transformed(m matrix) path {
	out := make(path, len(p))
	for i, s := range p {
		out[i] = segment{op: s.op, c1: m.apply(s.c1), c2: m.apply(s.c2), to: m.apply(s.to)}
	}
	return out
}

// bounds returns the box around the path's end and control points under m.
func (p path) bounds(m matrix) (low, high point) {
	low, high = point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	add := func(at point) {
		at = m.apply(at)
		low = point{min(low.x, at.x), min(low.y, at.y)}
		high = point{max(high.x, at.x), max(high.y, at.y)}
	}
	for _, s := range p {
		switch s.op {
		case closePath:
			continue
		case cubeTo:
			add(s.c2)
			add(s.c1)
		case quadTo:
			add(s.c1)
		}
		add(s.to)
	}
	return low, high
}

// matrix is SVG's matrix(a b c d e f): x' = ax + cy + e, y' = bx + dy + f.
type matrix struct{ a, b, c, d, e, f float64 }

func (m matrix) apply(p point) point {
	return point{m.a*p.x + m.c*p.y + m.e, m.b*p.x + m.d*p.y + m.f}
}

// times returns the matrix that applies n first, then m.
func (m matrix) times(n matrix) matrix {
	return matrix{
		a: m.a*n.a + m.c*n.b, b: m.b*n.a + m.d*n.b,
		c: m.a*n.c + m.c*n.d, d: m.b*n.c + m.d*n.d,
		e: m.a*n.e + m.c*n.f + m.e, f: m.b*n.e + m.d*n.f + m.f,
	}
}

func (m matrix) inverse() (matrix, bool) {
	det := m.a*m.d - m.b*m.c
	if det == 0 {
		return matrix{}, false
	}
	return matrix{
		a: m.d / det, b: -m.b / det, c: -m.c / det, d: m.a / det,
		e: (m.c*m.f - m.d*m.e) / det, f: (m.b*m.e - m.a*m.f) / det,
	}, true
}

// scale is the factor by which m stretches lengths, averaged over directions.
func (m matrix) scale() float64 { return math.Sqrt(math.Abs(m.a*m.d - m.b*m.c)) }

// parseTransform reads a transform list of translate, scale, rotate and matrix.
func parseTransform(list string) (matrix, error) {
	m := matrix{a: 1, d: 1}
	for rest := strings.TrimSpace(list); rest != ""; rest = strings.TrimSpace(rest) {
		name, tail, okOpen := strings.Cut(rest, "(")
		args, after, okClose := strings.Cut(tail, ")")
		v, err := numbers(args)
		if !okOpen || !okClose || err != nil || len(v) == 0 {
			return m, fmt.Errorf("svg transform %q is malformed", list)
		}
		rest = after
		var step matrix
		switch key := strings.TrimSpace(name); {
		case key == "translate" && len(v) <= 2:
			step = matrix{a: 1, d: 1, e: v[0], f: append(v, 0)[1]}
		case key == "scale" && len(v) <= 2:
			step = matrix{a: v[0], d: append(v, v[0])[1]}
		case key == "rotate" && len(v) == 1:
			sin, cos := math.Sincos(v[0] * math.Pi / 180)
			step = matrix{a: cos, b: sin, c: -sin, d: cos}
		case key == "matrix" && len(v) == 6:
			step = matrix{v[0], v[1], v[2], v[3], v[4], v[5]}
		default:
			return m, fmt.Errorf("svg transform %q is not supported", list)
		}
		m = m.times(step)
	}
	return m, nil
}

// ink combines a colour with the element's opacities.
func (n *node) ink(value, opacity string) (color.NRGBA, error) {
	ink, err := parseColor(value)
	if err != nil {
		return ink, err
	}
	own, errOwn := n.float(opacity, 1)
	all, errAll := n.float("opacity", 1)
	ink.A = uint8(math.Round(float64(ink.A) * own * all))
	return ink, errors.Join(errOwn, errAll)
}

// parseColor reads #rgb, #rrggbb, rgb(), rgba(), transparent; "" is black, as
// SVG has it for a fill that is not given.
func parseColor(s string) (color.NRGBA, error) {
	switch s {
	case "", "black", "#000":
		return color.NRGBA{A: 255}, nil
	case "transparent":
		return color.NRGBA{}, nil
	case "white":
		return color.NRGBA{255, 255, 255, 255}, nil
	}
	if hex, ok := strings.CutPrefix(s, "#"); ok {
		if len(hex) == 3 {
			hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
		}
		if v, err := strconv.ParseUint(hex, 16, 32); err == nil && len(hex) == 6 {
			return color.NRGBA{uint8(v >> 16), uint8(v >> 8), uint8(v), 255}, nil
		}
	}
	if args, ok := strings.CutPrefix(s, "rgb"); ok {
		args = strings.Trim(strings.TrimPrefix(args, "a"), "()")
		if v, err := numbers(args); err == nil && (len(v) == 3 || len(v) == 4) {
			v = append(v, 1)
			return color.NRGBA{uint8(v[0]), uint8(v[1]), uint8(v[2]), uint8(math.Round(v[3] * 255))}, nil
		}
	}
	return color.NRGBA{}, fmt.Errorf("svg colour %q is not supported", s)
}
