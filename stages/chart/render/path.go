package render

import (
	"fmt"
	"math"
	"strconv"
)

type point struct{ x, y float64 }

type opcode byte

const (
	moveTo opcode = iota
	lineTo
	quadTo
	cubeTo
	closePath
)

// segment is one step of a path in absolute coordinates. c1 and c2 are the
// control points of the curves.
type segment struct {
	op         opcode
	c1, c2, to point
}

type path []segment

// arity is the number of coordinates each SVG path command takes.
func arity(cmd byte) int {
	switch cmd {
	case 'M', 'm', 'L', 'l':
		return 2
	case 'H', 'h', 'V', 'v':
		return 1
	case 'Q', 'q':
		return 4
	case 'C', 'c':
		return 6
	case 'A', 'a':
		return 7
	default:
		return 0
	}
}

// parsePath reads the d attribute of an SVG path. It knows the commands
// MLHVQCAZ in both cases; ECharts writes no others.
func parsePath(d string) (path, error) {
	s := pathScanner{in: d}
	var p path
	var at, start point
	for {
		cmd, ok := s.command()
		if !ok {
			break
		}
		if cmd == 'Z' || cmd == 'z' {
			p = append(p, segment{op: closePath})
			at = start
			continue
		}
		if arity(cmd) == 0 {
			return nil, fmt.Errorf("path command %q is not supported", cmd)
		}
		for first := true; first || s.moreNumbers(); first = false {
			args, err := s.numbers(cmd)
			if err != nil {
				return nil, err
			}
			if (cmd == 'M' || cmd == 'm') && !first {
				cmd-- // further pairs after a moveto are linetos, and 'L' precedes 'M'
			}
			p, at = appendCommand(p, cmd, args, at)
			if cmd == 'M' || cmd == 'm' {
				start = at
			}
		}
	}
	return p, nil
}

func appendCommand(p path, cmd byte, a [7]float64, at point) (path, point) {
	var base point
	if cmd >= 'a' {
		base = at
		cmd -= 'a' - 'A'
	}
	abs := func(i int) point { return point{base.x + a[i], base.y + a[i+1]} }
	switch cmd {
	case 'M':
		return append(p, segment{op: moveTo, to: abs(0)}), abs(0)
	case 'L':
		return append(p, segment{op: lineTo, to: abs(0)}), abs(0)
	case 'H':
		to := point{base.x + a[0], at.y}
		return append(p, segment{op: lineTo, to: to}), to
	case 'V':
		to := point{at.x, base.y + a[0]}
		return append(p, segment{op: lineTo, to: to}), to
	case 'Q':
		return append(p, segment{op: quadTo, c1: abs(0), to: abs(2)}), abs(2)
	case 'C':
		return append(p, segment{op: cubeTo, c1: abs(0), c2: abs(2), to: abs(4)}), abs(4)
	default: // 'A'
		return appendArc(p, at, abs(5), a[0], a[1], a[2], a[3] != 0, a[4] != 0), abs(5)
	}
}

// appendArc turns an SVG elliptical arc into cubic curves of at most a quarter
// turn each (SVG 1.1, appendix F.6: endpoint to centre parameters).
func appendArc(p path, from, to point, rx, ry, degrees float64, large, sweep bool) path {
	rx, ry = math.Abs(rx), math.Abs(ry)
	if rx == 0 || ry == 0 || from == to {
		return append(p, segment{op: lineTo, to: to})
	}
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	dx, dy := (from.x-to.x)/2, (from.y-to.y)/2
	x1, y1 := cos*dx+sin*dy, -sin*dx+cos*dy
	if l := x1*x1/(rx*rx) + y1*y1/(ry*ry); l > 1 {
		rx, ry = rx*math.Sqrt(l), ry*math.Sqrt(l)
	}
	num := rx*rx*ry*ry - rx*rx*y1*y1 - ry*ry*x1*x1
	k := math.Sqrt(math.Max(0, num/(rx*rx*y1*y1+ry*ry*x1*x1)))
	if large == sweep {
		k = -k
	}
	cx1, cy1 := k*rx*y1/ry, -k*ry*x1/rx
	centre := point{cos*cx1 - sin*cy1 + (from.x+to.x)/2, sin*cx1 + cos*cy1 + (from.y+to.y)/2}
	begin := math.Atan2((y1-cy1)/ry, (x1-cx1)/rx)
	turn := math.Atan2((-y1-cy1)/ry, (-x1-cx1)/rx) - begin
	if sweep && turn < 0 {
		turn += 2 * math.Pi
	} else if !sweep && turn > 0 {
		turn -= 2 * math.Pi
	}
	n := int(math.Ceil(math.Abs(turn)/(math.Pi/2) - 1e-9))
	step := turn / float64(n)
	tangent := 4.0 / 3 * math.Tan(step/4)
	on := func(x, y float64) point { // from the unit circle to the ellipse
		return point{centre.x + cos*rx*x - sin*ry*y, centre.y + sin*rx*x + cos*ry*y}
	}
	for i := range n {
		s0, c0 := math.Sincos(begin + step*float64(i))
		s1, c1 := math.Sincos(begin + step*float64(i+1))
		p = append(p, segment{
			op: cubeTo,
			c1: on(c0-tangent*s0, s0+tangent*c0),
			c2: on(c1+tangent*s1, s1-tangent*c1),
			to: on(c1, s1),
		})
	}
	return p
}

// pathScanner splits path data into commands and numbers.
type pathScanner struct {
	in  string
	pos int
}

func (s *pathScanner) skip() {
	for s.pos < len(s.in) {
		switch s.in[s.pos] {
		case ' ', ',', '\n', '\t', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *pathScanner) command() (byte, bool) {
	s.skip()
	if s.pos == len(s.in) {
		return 0, false
	}
	s.pos++
	return s.in[s.pos-1], true
}

func (s *pathScanner) moreNumbers() bool {
	s.skip()
	if s.pos == len(s.in) {
		return false
	}
	c := s.in[s.pos]
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.'
}

func (s *pathScanner) numbers(cmd byte) (out [7]float64, err error) {
	for i := range arity(cmd) {
		s.skip()
		// Arc flags may stand without a separator: they are one digit wide.
		flag := (cmd == 'A' || cmd == 'a') && (i == 3 || i == 4)
		if out[i], err = s.number(flag); err != nil {
			return out, fmt.Errorf("path command %q: %w", cmd, err)
		}
	}
	return out, nil
}

func (s *pathScanner) number(flag bool) (float64, error) {
	begin := s.pos
	dot, exponent := false, false
	for ; s.pos < len(s.in); s.pos++ {
		c := s.in[s.pos]
		switch {
		case c >= '0' && c <= '9':
			if flag {
				s.pos++
				return float64(c - '0'), nil
			}
		case c == '.' && !dot && !exponent:
			dot = true
		case (c == 'e' || c == 'E') && !exponent && s.pos > begin:
			exponent = true
		case (c == '-' || c == '+') && (s.pos == begin || s.in[s.pos-1]|0x20 == 'e'):
		default:
			v, err := strconv.ParseFloat(s.in[begin:s.pos], 64)
			return v, err
		}
	}
	return strconv.ParseFloat(s.in[begin:s.pos], 64)
}
