package metric

import (
	"math"
	"slices"
)

// perInterval is how many arrivals an interval has on average over which their number is counted for the index of dispersion, and fewestIntervals
// how many intervals it takes for a variance of these numbers.
const (
	perInterval     = 10
	fewestIntervals = 10
)

// Regularity says how evenly events follow one another. Each is NaN where there are too few events to tell.
type Regularity struct {
	PerSecond float64 // events after the first ÷ the time from the first to the last
	// GapCV is the coefficient of variation of the gaps between neighbours: 0 for even ones, 1 for those of a Poisson process, 1/√b for gamma ones of
	// burstiness b.
	GapCV float64
	// Dispersion is the index of dispersion: the variance of the number of events in intervals of ten mean gaps, ÷ its mean. 0 for even events, 1 for
	// those of a Poisson process, more for bursts. It sees what the gaps alone do not: that they follow each other in an order.
	Dispersion float64
}

// RegularityOf returns how evenly events at such times, in nanoseconds, follow one another. It sorts the times.
func RegularityOf(timesNS []int64) Regularity {
	slices.Sort(timesNS)
	n := len(timesNS)
	r := Regularity{math.NaN(), math.NaN(), math.NaN()}
	if n < 2 || timesNS[n-1] == timesNS[0] {
		return r
	}
	span := float64(timesNS[n-1] - timesNS[0])
	r.PerSecond = float64(n-1) / (span / 1e9)
	gaps := make([]float64, n-1)
	for i := range gaps {
		gaps[i] = float64(timesNS[i+1] - timesNS[i])
	}
	if mean, variance := moments(gaps); len(gaps) > 1 {
		r.GapCV = math.Sqrt(variance) / mean
	}
	if intervals := (n - 1) / perInterval; intervals >= fewestIntervals {
		counts := make([]float64, intervals)
		width := span / float64(n-1) * perInterval
		for _, t := range timesNS {
			if i := int(float64(t-timesNS[0]) / width); i < intervals {
				counts[i]++
			}
		}
		mean, variance := moments(counts)
		r.Dispersion = variance / mean
	}
	return r
}

// moments returns the mean and the variance of a sample.
func moments(values []float64) (mean, variance float64) {
	for _, v := range values {
		mean += v
	}
	mean /= float64(len(values))
	for _, v := range values {
		variance += (v - mean) * (v - mean)
	}
	return mean, variance / float64(len(values)-1)
}

// findSending is how the requests of an open loop were sent that the schedule says: of a conversation, the first.
func (s *Sample) findSending() Regularity {
	var times []int64
	for _, r := range s.Data.Requests {
		if r.Status != "dropped" && turnOf(r) <= 1 {
			times = append(times, r.TSend)
		}
	}
	return RegularityOf(times)
}

func sending() []Def {
	open := func(of func(Regularity) float64) func(*Sample) (float64, bool) {
		return func(s *Sample) (float64, bool) {
			if s.Cell.RateRPS == 0 {
				return 0, false // a closed loop sends when it is answered
			}
			v := of(s.sending())
			return v, !math.IsNaN(v)
		}
	}
	return []Def{
		{
			Name: "sent_rps", Unit: "1/s", Needs: Requests,
			Doc:     "Rate at which an open loop sent its requests, of conversations the first ones: those after the first ÷ time from the first to the last.",
			Compute: open(func(r Regularity) float64 { return r.PerSecond }),
		},
		{
			Name: "sent_gap_cv", Needs: Requests,
			Doc:     "Coefficient of variation of the gaps between requests sent by an open loop: 0 when constant, 1 when poisson, 1/√burstiness when gamma.",
			Compute: open(func(r Regularity) float64 { return r.GapCV }),
		},
		{
			Name: "sent_dispersion", Needs: Requests,
			Doc:     "Index of dispersion of the requests sent by an open loop: variance ÷ mean of their number in intervals of ten mean gaps; 1 when poisson.",
			Compute: open(func(r Regularity) float64 { return r.Dispersion }),
		},
	}
}
