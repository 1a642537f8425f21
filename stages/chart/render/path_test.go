package render

import (
	"math"
	"testing"
)

func TestParsePathEndsWhereItShould(t *testing.T) {
	for _, tc := range []struct {
		name, d string
		want    point // end of the last segment but closes
		count   int
	}{
		{"absolute lines", "M1 2L3 4H7V9", point{7, 9}, 4},
		{"relative lines", "m1 2l3 4h-1v.5", point{3, 6.5}, 4},
		{"pairs after moveto are lines", "M0 0 1 1 2 2", point{2, 2}, 3},
		{"relative pairs", "m1 1 1 1", point{2, 2}, 2},
		{"numbers without separators", "M1-2L.5.25", point{.5, .25}, 2},
		{"exponents", "M1e1 2E-1", point{10, .2}, 1},
		{"close returns to the start", "M5 5L9 9Zl1 0", point{6, 5}, 4},
		{"curves", "M0 0C1 1 2 2 3 0q1 1 2 0", point{5, 0}, 3},
		{"arc flags without separators", "M0 0a5 5 0 0110 0", point{10, 0}, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := parsePath(tc.d)
			if err != nil {
				t.Fatal(err)
			}
			last := p[len(p)-1].to
			if len(p) != tc.count || math.Hypot(last.x-tc.want.x, last.y-tc.want.y) > 1e-9 {
				t.Errorf("parsePath(%q) = %d segments ending at %v, want %d at %v", tc.d, len(p), last, tc.count, tc.want)
			}
		})
	}
}

func TestArcStaysOnItsCircle(t *testing.T) {
	p, err := parsePath("M10 0A10 10 0 1 1 0 -10")
	if err != nil {
		t.Fatal(err)
	}
	from := p[0].to
	for _, s := range p[1:] {
		for _, u := range []float64{.25, .5, .75, 1} {
			v := 1 - u
			at := point{
				v*v*v*from.x + 3*v*v*u*s.c1.x + 3*v*u*u*s.c2.x + u*u*u*s.to.x,
				v*v*v*from.y + 3*v*v*u*s.c1.y + 3*v*u*u*s.c2.y + u*u*u*s.to.y,
			}
			if r := math.Hypot(at.x, at.y); math.Abs(r-10) > 0.01 {
				t.Errorf("point %v lies %g from the centre, want 10", at, r)
			}
		}
		from = s.to
	}
	if len(p) != 4 {
		t.Errorf("three quarters of a turn took %d curves, want 3", len(p)-1)
	}
}

func TestInverseUndoesTransform(t *testing.T) {
	m, err := parseTransform("translate(3 4) rotate(30) scale(2)")
	if err != nil {
		t.Fatal(err)
	}
	back, ok := m.inverse()
	got := back.apply(m.apply(point{5, -7}))
	if !ok || math.Hypot(got.x-5, got.y+7) > 1e-9 {
		t.Errorf("inverse led (5, -7) to %v", got)
	}
	if s := m.scale(); math.Abs(s-2) > 1e-9 {
		t.Errorf("scale() = %g, want 2", s)
	}
}

func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{"M0 0L1 1Z", "m1-2a5 5 0 0110 0", "M0,0C1e3 1 2 2 3 0", "Z", "L"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, d string) {
		if p, err := parsePath(d); err == nil {
			p.bounds(matrix{a: 1, d: 1})
		}
	})
}
