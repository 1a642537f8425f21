package simulator

import (
	"sync/atomic"
	"time"

	"github.com/strangeloopio/inferencex/schemas/quantile"
)

// lags keeps by how much wall time chunks were written behind their schedule or before it. Its zero value is empty; it is safe for concurrent use.
type lags struct {
	spans quantile.Histogram
	sum   atomic.Int64 // nanoseconds
}

func (l *lags) add(lag time.Duration) {
	lag = max(lag, -lag)
	l.sum.Add(int64(lag))
	l.spans.Add(lag)
}

// Lag counts the chunks of all answers so far by how far off its schedule the server wrote them, early or late, in wall time. What was added
// between two looks is the lag of a load between them.
type Lag struct {
	SumSeconds    float64   `json:"sum_s"`
	BoundsSeconds []float64 `json:"bounds_s"` // of the buckets, ascending: the last one holds what is longer, too
	Counts        []int64   `json:"counts"`   // by bucket
}

func (l *lags) lag() Lag {
	lag := Lag{SumSeconds: time.Duration(l.sum.Load()).Seconds(), Counts: l.spans.Counts()}
	for i := range lag.Counts {
		lag.BoundsSeconds = append(lag.BoundsSeconds, quantile.Bound(i).Seconds())
	}
	return lag
}
