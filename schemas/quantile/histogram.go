package quantile

import (
	"math"
	"sync/atomic"
	"time"
)

// The buckets of a Histogram: each bound is growth times the one before.
const (
	smallest = time.Microsecond
	growth   = 1.1
	buckets  = 200 // up to about three minutes
)

// Histogram counts spans of time by their size. Its zero value is empty; it is safe for concurrent use.
type Histogram struct{ counts [buckets]atomic.Int64 }

// Add counts a span.
func (h *Histogram) Add(span time.Duration) {
	bucket := 0
	if span > smallest {
		bucket = min(buckets-1, int(math.Log(float64(span)/float64(smallest))/math.Log(growth))+1)
	}
	h.counts[bucket].Add(1)
}

// Counts returns the number of spans in each bucket.
func (h *Histogram) Counts() []int64 {
	counts := make([]int64, buckets)
	for i := range h.counts {
		counts[i] = h.counts[i].Load()
	}
	return counts
}

// Bound is what the spans of a bucket do not exceed. The last bucket also holds all longer spans.
func Bound(bucket int) time.Duration {
	return time.Duration(float64(smallest) * math.Pow(growth, float64(bucket)))
}

// Quantile returns a bound that this share of the spans did not exceed, at most a tenth above the true quantile; 0 of no spans.
func (h *Histogram) Quantile(p float64) time.Duration {
	bucket, ok := Bucket(h.Counts(), p)
	if !ok {
		return 0
	}
	return Bound(bucket)
}
