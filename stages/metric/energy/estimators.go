package energy

import (
	"math"
	"slices"
)

// estimate is the energy of one device and one sigma of its error without the sensor's own, both in joules.
type estimate struct{ joules, doubt float64 }

func (s series) integrate(method Method, q Query, length float64) estimate {
	switch method {
	case Counter:
		return s.byCounter(q, length)
	case Padded:
		return s.byPads(q, length)
	default:
		return s.byTrapezoid(q, length)
	}
}

func (s series) byCounter(q Query, length float64) estimate {
	joules := at(s.counter, length) - at(s.counter, 0)
	mean := joules / length
	// The counter stands still between its updates, so at each edge it may be one period old; between readings further apart nobody saw when it rose.
	first, last := math.Max(s.period, bracket(s.counter, 0)), math.Max(s.period, bracket(s.counter, length))
	edge := math.Hypot(first, last) * mean / math.Sqrt(12)
	// Rows that are missing cost a counter nothing. But it may be no rows that are missing: a clock that was set forward leaves the same gap.
	jump := 0.0
	if gap, _ := gaps(s.counter, s.period, 0, length); gap > gapPeriods*s.period {
		jump = gap - s.period
	}
	clock := math.Max(q.ClockErrorSeconds, jump) * mean / math.Sqrt(3)
	return estimate{joules, math.Hypot(edge, clock)}
}

// counterFell finds the first fall of the counter in or around the window.
func (s series) counterFell() (at float64, fell bool) {
	for i := 1; i < len(s.counter); i++ {
		if s.counter[i].v < s.counter[i-1].v {
			return s.counter[i].t, true
		}
	}
	return 0, false
}

// byPads integrates beyond both edges, so that whatever the averaging and a clock error push over an edge is still counted, and takes off the
// idle energy of the pads.
func (s series) byPads(q Query, length float64) estimate {
	p := q.PadSeconds
	before, after := s.pads(q, length)
	idle := append(before, after...)
	mean, sigma := moments(idle)
	joules := integral(s.power, -p, length+p) - 2*p*mean
	edge := 2 * p * sigma / math.Sqrt(float64(len(idle)))
	return estimate{joules, math.Hypot(edge, s.gapDoubt(-p, length+p, joules/length-mean))}
}

// pads returns the readings around the window that tell of idle time alone. A reading may be a period old when it is taken.
func (s series) pads(q Query, length float64) (before, after []float64) {
	quietFrom := length + s.lag + s.period + q.ClockErrorSeconds
	for _, r := range s.power {
		switch {
		case r.t >= -q.PadSeconds && r.t <= -q.ClockErrorSeconds:
			before = append(before, r.v)
		case r.t >= quietFrom && r.t <= length+q.PadSeconds:
			after = append(after, r.v)
		}
	}
	return before, after
}

const (
	quietShare = 0.10 // readings of a quiet pad are this close to their median,
	quietWatts = 10.0 // or this close
)

// paddable reports whether the pads are long enough for the sensor, covered by readings, and quiet.
func (s series) paddable(q Query, length float64) bool {
	p := q.PadSeconds
	if len(s.power) < 2 || s.power[0].t > -p || s.power[len(s.power)-1].t < length+p {
		return false
	}
	gap, covered := gaps(s.power, s.period, -p, length+p)
	if gap > math.Max(minGapSeconds, gapPeriods*s.period) || covered < minCoverage || p < s.lag+gap+q.ClockErrorSeconds {
		return false
	}
	before, after := s.pads(q, length)
	if len(before) < 2 || len(after) < 2 {
		return false
	}
	idle := append(before, after...)
	slices.Sort(idle)
	middle := idle[len(idle)/2]
	limit := math.Max(quietWatts, quietShare*middle)
	return middle-idle[0] <= limit && idle[len(idle)-1]-middle <= limit
}

func (s series) byTrapezoid(q Query, length float64) estimate {
	points := s.aligned()
	joules := integral(points, 0, length)
	swing := joules/length - lowest(points)
	// A 1-s average rounds off both edges of the load: aligned it hides lag/8 at each, unaligned half of lag at one.
	edge := 2 * s.lag / 8 * swing
	if s.lag > 0 && !s.exact {
		edge = s.lag / 2 * swing
	}
	clock := q.ClockErrorSeconds * swing / math.Sqrt(3)
	return estimate{joules, math.Hypot(math.Hypot(edge, clock), s.gapDoubt(0, length, swing))}
}

// gapDoubt is one sigma of what may have happened unseen in the longest gap.
func (s series) gapDoubt(from, to, swing float64) float64 {
	gap, _ := gaps(s.power, s.period, from, to)
	return math.Max(0, gap-s.period) * math.Abs(swing) / math.Sqrt(12)
}

func lowest(points []point) float64 {
	low := math.Inf(1)
	for _, p := range points {
		low = math.Min(low, p.v)
	}
	return low
}

func moments(values []float64) (mean, sigma float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		sigma += (v - mean) * (v - mean) / float64(len(values))
	}
	return mean, math.Sqrt(sigma)
}
