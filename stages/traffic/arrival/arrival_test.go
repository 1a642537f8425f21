package arrival_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/traffic/arrival"
)

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// at is one rate without end.
func at(rps float64) []arrival.Segment { return []arrival.Segment{{From: rps, To: rps}} }

// take returns the first n arrivals, or all where n is 0.
func take(s *arrival.Schedule, n int) (all []int64) {
	for n == 0 || len(all) < n {
		due, ok := s.Next()
		if !ok {
			return all
		}
		all = append(all, due)
	}
	return all
}

// Over 200,000 arrivals the standard error of an index of dispersion of 1 is √(2/20,000) = 0.01, and bursts have larger ones in proportion. That of
// gamma arrivals in intervals of m mean gaps is, with c the CV, c² + (1/6 + c⁴/2 − 2c⁴/3)/m.
func TestArrivalsAreWhatTheyAreCalled(t *testing.T) {
	const n, rate = 200_001, 25
	for name, tc := range map[string]struct {
		gaps           func(seed uint64) arrival.Gaps
		cv, dispersion float64
	}{
		"constant":      {func(uint64) arrival.Gaps { return arrival.Constant() }, 0, 0},
		"poisson":       {func(seed uint64) arrival.Gaps { return arrival.Poisson(seeded(seed)) }, 1, 1},
		"gamma of 1":    {func(seed uint64) arrival.Gaps { return arrival.Gamma(1, seeded(seed)) }, 1, 1},
		"gamma of 4":    {func(seed uint64) arrival.Gaps { return arrival.Gamma(4, seeded(seed)) }, 0.5, 0.27},
		"gamma of 0.25": {func(seed uint64) arrival.Gaps { return arrival.Gamma(0.25, seeded(seed)) }, 2, 3.75},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(3) {
				got := metric.RegularityOf(take(arrival.New(tc.gaps(seed), at(rate)), n))
				within := 0.05 * max(1, tc.dispersion)
				if math.Abs(got.PerSecond/rate-1) > 0.02 || math.Abs(got.GapCV-tc.cv) > 0.02*max(1, tc.cv) || math.Abs(got.Dispersion-tc.dispersion) > within {
					t.Errorf("seed %d: %+v, want %d/s, a CV of %g and a dispersion of %g", seed, got, rate, tc.cv, tc.dispersion)
				}
			}
		})
	}
}

func TestSchedulesFollowFromTheirSeed(t *testing.T) {
	first := take(arrival.New(arrival.Poisson(seeded(1)), at(5)), 100)
	if diff := cmp.Diff(first, take(arrival.New(arrival.Poisson(seeded(1)), at(5)), 100)); diff != "" {
		t.Errorf("the same seed gives another schedule (-first +again):\n%s", diff)
	}
	if cmp.Equal(first, take(arrival.New(arrival.Poisson(seeded(2)), at(5)), 100)) {
		t.Error("another seed gives the same schedule")
	}
	// At twice the rate the same arrivals come twice as fast.
	for i, due := range take(arrival.New(arrival.Poisson(seeded(1)), at(10)), 100) {
		if off := 2*due - first[i]; off < -2 || off > 2 {
			t.Errorf("arrival %d is due at %d, and at half the rate at %d", i, due, first[i])
		}
	}
}

func TestRates(t *testing.T) {
	ms := func(times ...float64) (ns []int64) {
		for _, t := range times {
			ns = append(ns, int64(math.Round(1e6*t)))
		}
		return ns
	}
	s := time.Second
	for name, tc := range map[string]struct {
		segments []arrival.Segment
		want     []int64
	}{
		"constant":             {[]arrival.Segment{{4, 4, s}}, ms(0, 250, 500, 750)},
		"a step":               {[]arrival.Segment{{2, 2, s}, {4, 4, s}}, ms(0, 500, 1000, 1250, 1500, 1750)},
		"a pause":              {[]arrival.Segment{{2, 2, s}, {0, 0, s}, {2, 2, s}}, ms(0, 500, 2000, 2500)},
		"a pause first":        {[]arrival.Segment{{0, 0, s}, {2, 2, s}}, ms(1000, 1500)},
		"within a gap":         {[]arrival.Segment{{2, 2, 750 * time.Millisecond}, {4, 4, s}}, ms(0, 500, 875, 1125, 1375, 1625)},
		"up from nothing":      {[]arrival.Segment{{0, 8, s}}, ms(0, 500, 1e3*math.Sqrt(0.5), 1e3*math.Sqrt(0.75))},
		"down to nothing":      {[]arrival.Segment{{8, 0, s}}, ms(0, 1e3*(1-math.Sqrt(0.75)), 1e3*(1-math.Sqrt(0.5)), 500)},
		"up, and then as fast": {[]arrival.Segment{{0, 4, s}, {4, 4, 500 * time.Millisecond}}, ms(0, 1e3*math.Sqrt(0.5), 1000, 1250)},
		"no rate at all":       {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, take(arrival.New(arrival.Constant(), tc.segments), 0)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Gaps keep their shape under a rate that changes: on a ramp, arrivals are as many as the rate says at each time, and poisson all along.
func TestPoissonOnARamp(t *testing.T) {
	const length = 4000
	all := take(arrival.New(arrival.Poisson(seeded(3)), []arrival.Segment{{From: 0, To: 100, Length: length * time.Second}}), 0)
	if !slices.IsSorted(all) {
		t.Fatal("arrivals are out of order")
	}
	for tenth := range 10 {
		var n float64
		for _, due := range all {
			if int(due/1e9)/(length/10) == tenth {
				n++
			}
		}
		want := 100 * length / 100 * (float64(tenth) + 0.5)
		if math.Abs(n-want) > 5*math.Sqrt(want) {
			t.Errorf("%.0f arrivals in tenth %d, want %.0f", n, tenth, want)
		}
	}
	var even []int64 // on the scale of the requests expected, a ramp is a steady rate
	for _, due := range all {
		even = append(even, int64(float64(due)/1e9*float64(due)/1e9*100/length/2*1e9))
	}
	if got := metric.RegularityOf(even); math.Abs(got.GapCV-1) > 0.02 || math.Abs(got.Dispersion-1) > 0.05 {
		t.Errorf("%+v, want a poisson process", got)
	}
}
