// Package arrival is when the requests of an open loop are due. Its invariant: a schedule follows from its gaps, its rates and its seed, and
// from nothing that happens while it is kept: a request is due when it is due, whatever became of those before it.
package arrival

import (
	"math"
	"time"
)

// Segment is a stretch of time over which the rate goes from one value to another in a straight line.
type Segment struct {
	From, To float64       // requests per second
	Length   time.Duration // 0: without end, at From; for the last segment only
}

// Schedule hands out times one after another. It is for one goroutine.
//
// Gaps are drawn in units of their mean and laid off on the number of requests that the rates come to: with Λ(t) the integral of the rate, request
// i is due where Λ(t) is the sum of the gaps before it. At one rate that is t0 + Σ gaps; and where the rate changes, gaps keep their shape under
// it, so that poisson arrivals stay poisson on a ramp.
type Schedule struct {
	gap      func() float64
	segments []Segment

	expected float64 // Λ at the next request
	begun    bool
	passed   float64 // Λ at the start of the first of segments
	start    float64 // when that is, in seconds
}

// New returns the schedule of arrivals with such gaps at such rates. The first is due at once, at 0.
func New(gap Gaps, segments []Segment) *Schedule {
	return &Schedule{gap: gap, segments: segments}
}

// Next returns when the next request is due, in nanoseconds after the start, and false when the last segment is over.
func (s *Schedule) Next() (dueNS int64, ok bool) {
	if s.begun {
		s.expected += s.gap()
	}
	s.begun = true
	for len(s.segments) > 0 {
		segment := s.segments[0]
		left := s.expected - s.passed
		area := segment.requests()
		if left < area {
			return int64(math.Round(1e9 * (s.start + segment.reaches(left)))), true
		}
		s.passed += area
		s.start += segment.Length.Seconds()
		s.segments = s.segments[1:]
	}
	return 0, false
}

// requests is how many a segment comes to.
func (s Segment) requests() float64 {
	if s.Length == 0 {
		return math.Inf(1)
	}
	return (s.From + s.To) / 2 * s.Length.Seconds()
}

// reaches returns how many seconds into the segment n of its requests have come.
func (s Segment) reaches(n float64) float64 {
	if n == 0 {
		return 0
	}
	if s.Length == 0 || s.From == s.To {
		return n / s.From
	}
	// n = From·t + slope·t²/2, solved in the form that loses no digits. Conversions keep products from being fused into the sum, which would
	// round otherwise on another machine.
	slope := (s.To - s.From) / s.Length.Seconds()
	now := math.Sqrt(max(0, float64(s.From*s.From)+float64(2*slope*n))) // the rate at that time
	return 2 * n / (s.From + now)
}
