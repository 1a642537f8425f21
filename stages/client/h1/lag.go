package h1

import (
	"math"
	"sync"
	"time"
)

// The buckets of a histogram: each bound is lagGrowth times the one before.
const (
	lagSmallest = time.Microsecond
	lagGrowth   = 1.1
	lagBuckets  = 200 // up to about three minutes
)

// histogram counts spans by their size. It is safe for concurrent use; the zero value is empty.
type histogram struct {
	mu     sync.Mutex
	counts [lagBuckets]int64
	total  int64
	most   time.Duration
}

func (h *histogram) add(span time.Duration) {
	bucket := 0
	if span > lagSmallest {
		bucket = min(lagBuckets-1, int(math.Log(float64(span)/float64(lagSmallest))/math.Log(lagGrowth))+1)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[bucket]++
	h.total++
	h.most = max(h.most, span)
}

// lag returns what has been added so far.
func (h *histogram) lag() Lag {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Lag{Samples: h.total, P50: h.quantile(.50), P99: h.quantile(.99), Max: h.most}
}

// quantile returns the bound of the bucket that this share of the spans does not exceed.
func (h *histogram) quantile(q float64) time.Duration {
	need, seen := int64(math.Ceil(q*float64(h.total))), int64(0)
	for bucket, n := range h.counts {
		if seen += n; seen >= need && h.total > 0 {
			return min(h.most, time.Duration(float64(lagSmallest)*math.Pow(lagGrowth, float64(bucket))))
		}
	}
	return 0
}
