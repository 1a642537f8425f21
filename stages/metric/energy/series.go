package energy

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/strangeloopio/inferencex/schemas/table"
)

// point is a reading: seconds since the window's start, and watts or joules.
type point struct{ t, v float64 }

// series is what was read of one device, in order of time.
type series struct {
	uuid    string
	index   int32
	power   []point
	counter []point
	lag     float64 // how long the sensor averages; a reading tells of the time lag/2 before it
	exact   bool    // lag is known, not assumed
	period  float64 // seconds between readings
}

func (s series) name() string {
	if s.uuid == "" {
		return fmt.Sprintf("gpu %d", s.index)
	}
	return fmt.Sprintf("gpu %d (%s)", s.index, s.uuid)
}

// split sorts the rows into one series a device, in order of index and UUID. Rows without any value are left out.
func split(rows []table.Power, q Query) []series {
	type key struct {
		host, uuid string
		index      int32
	}
	byDevice := map[key][]table.Power{}
	for _, r := range rows {
		if len(q.UUIDs) > 0 && !slices.Contains(q.UUIDs, r.GPUUUID) {
			continue
		}
		k := key{r.Host, r.GPUUUID, r.GPUIndex}
		byDevice[k] = append(byDevice[k], r)
	}
	all := make([]series, 0, len(byDevice))
	for k, device := range byDevice {
		s := newSeries(device, q)
		s.uuid, s.index = k.uuid, k.index
		if len(s.power)+len(s.counter) > 0 {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b series) int {
		return cmp.Or(cmp.Compare(a.index, b.index), cmp.Compare(a.uuid, b.uuid))
	})
	return all
}

func newSeries(rows []table.Power, q Query) series {
	slices.SortStableFunc(rows, func(a, b table.Power) int {
		return cmp.Or(cmp.Compare(a.TUnixNS, b.TUnixNS), cmp.Compare(a.Seq, b.Seq))
	})
	var s series
	instant := true
	for _, r := range rows {
		t := seconds(r.TUnixNS - q.FromUnixNS)
		if r.PowerWatts != nil {
			s.power = appendLater(s.power, point{t, *r.PowerWatts})
			instant = instant && r.PowerKind == "instant"
			s.exact = s.exact || r.PowerKind == "avg1s"
		}
		if r.EnergyJoules != nil {
			s.counter = appendLater(s.counter, point{t, *r.EnergyJoules})
		}
	}
	if !instant {
		s.lag = averagingSeconds
	}
	s.period = q.PeriodSeconds
	if s.period == 0 {
		s.period = math.Max(medianGap(s.power), medianGap(s.counter))
	}
	return s
}

// appendLater keeps times strictly increasing: the first of several readings at one time counts.
func appendLater(points []point, p point) []point {
	if n := len(points); n > 0 && points[n-1].t >= p.t {
		return points
	}
	return append(points, p)
}

func medianGap(points []point) float64 {
	if len(points) < 2 {
		return 0
	}
	gaps := make([]float64, len(points)-1)
	for i := range gaps {
		gaps[i] = points[i+1].t - points[i].t
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// gaps returns the longest time in [from, to] without a reading and the share of [from, to] between readings at most 3 periods apart.
func gaps(points []point, period, from, to float64) (longest, covered float64) {
	last := math.Inf(-1)
	step := func(t float64) {
		// Only the part of the gap inside the window is missing from it.
		inside := math.Min(t, to) - math.Max(last, from)
		if inside > 0 {
			longest = math.Max(longest, inside)
			if t-last <= gapPeriods*period*(1+1e-9) {
				covered += inside
			}
		}
		last = t
	}
	for _, p := range points {
		step(p.t)
	}
	step(math.Inf(1))
	return longest, covered / (to - from)
}

// at interpolates between the readings around t, which must be within them.
func at(points []point, t float64) float64 {
	i, _ := slices.BinarySearchFunc(points, t, func(p point, t float64) int { return cmp.Compare(p.t, t) })
	switch {
	case i == 0:
		return points[0].v
	case i == len(points):
		return points[i-1].v
	}
	a, b := points[i-1], points[i]
	return a.v + (b.v-a.v)*(t-a.t)/(b.t-a.t)
}

// bracket is the time between the readings around t, which must be within them; 0 where one is at t.
func bracket(points []point, t float64) float64 {
	i, hit := slices.BinarySearchFunc(points, t, func(p point, t float64) int { return cmp.Compare(p.t, t) })
	if hit || i == 0 || i == len(points) {
		return 0
	}
	return points[i].t - points[i-1].t
}

// integral is the trapezoid over [from, to], both within the readings, with interpolated edges.
func integral(points []point, from, to float64) float64 {
	total, last := 0.0, point{from, at(points, from)}
	for _, p := range points {
		if p.t <= from {
			continue
		}
		if p.t >= to {
			break
		}
		total += (p.t - last.t) * (p.v + last.v) / 2
		last = p
	}
	return total + (to-last.t)*(at(points, to)+last.v)/2
}

// aligned returns the power readings at the middle of the time that each tells of. A sensor of unknown kind is left where it is.
func (s series) aligned() []point {
	if s.lag == 0 || !s.exact {
		return s.power
	}
	moved := make([]point, len(s.power))
	for i, p := range s.power {
		moved[i] = point{p.t - s.lag/2, p.v}
	}
	return moved
}

func (s series) peak(length float64) *float64 {
	var peak *float64
	for _, p := range s.power {
		if p.t >= 0 && p.t <= length && (peak == nil || p.v > *peak) {
			peak = &p.v
		}
	}
	return peak
}
