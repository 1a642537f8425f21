package simulator

import (
	"math"
	"sync/atomic"
	"time"
)

// Buckets of a lagHistogram: each bound is lagGrowth times the one before.
const (
	lagSmallest = time.Microsecond
	lagGrowth   = 1.1
	lagBuckets  = 200 // up to about three minutes
)

// lagHistogram keeps by how much wall time chunks were written behind their
// schedule or before it. Its zero value is empty; it is safe for concurrent use.
type lagHistogram struct {
	counts [lagBuckets]atomic.Uint64
	sum    atomic.Int64 // nanoseconds
}

func (h *lagHistogram) observe(lag time.Duration) {
	i := 0
	lag = max(lag, -lag)
	h.sum.Add(int64(lag))
	if lag > lagSmallest {
		i = min(lagBuckets-1, int(math.Log(float64(lag)/float64(lagSmallest))/math.Log(lagGrowth))+1)
	}
	h.counts[i].Add(1)
}

// quantile returns a bound that this share of the lags did not exceed, at most
// a tenth above the true quantile; 0 where nothing was observed.
func (h *lagHistogram) quantile(q float64) time.Duration {
	total, counts := uint64(0), [lagBuckets]uint64{}
	for i := range h.counts {
		counts[i] = h.counts[i].Load()
		total += counts[i]
	}
	need, seen := uint64(math.Ceil(q*float64(total))), uint64(0)
	for i, n := range counts {
		if seen += n; seen >= need && total > 0 {
			return lagBound(i)
		}
	}
	return 0
}

// lagBound is what the lags of a bucket do not exceed.
func lagBound(bucket int) time.Duration {
	return time.Duration(float64(lagSmallest) * math.Pow(lagGrowth, float64(bucket)))
}

// Lag counts the chunks of all answers so far by how far off its schedule the server wrote them, early or late, in wall time. What was added
// between two looks is the lag of a load between them.
type Lag struct {
	SumSeconds    float64   `json:"sum_s"`
	BoundsSeconds []float64 `json:"bounds_s"` // of the buckets, ascending: the last one holds what is longer, too
	Counts        []uint64  `json:"counts"`   // by bucket
}

func (h *lagHistogram) lag() Lag {
	l := Lag{SumSeconds: time.Duration(h.sum.Load()).Seconds(), BoundsSeconds: make([]float64, lagBuckets), Counts: make([]uint64, lagBuckets)}
	for i := range h.counts {
		l.BoundsSeconds[i], l.Counts[i] = lagBound(i).Seconds(), h.counts[i].Load()
	}
	return l
}
