package quantile_test

import (
	"math"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/schemas/quantile"
)

var oneToTen = []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}

func TestLinear(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		p      float64
		want   float64
	}{
		{"one value", []float64{7}, 0.99, 7},
		{"median of two", []float64{1, 2}, 0.5, 1.5},
		{"p90", oneToTen, 0.9, 9.1},
		{"p99", oneToTen, 0.99, 9.91},
		{"minimum", oneToTen, 0, 1},
		{"maximum", oneToTen, 1, 10},
	} {
		if got, ok := quantile.Linear(c.values, c.p); !ok || math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: got %v, %v, want %v", c.name, got, ok, c.want)
		}
	}
	if v, ok := quantile.Linear(nil, 0.5); ok {
		t.Errorf("the median of nothing is %v", v)
	}
}

// Lower is held to numpy.percentile(range(1, 11), p, method="lower") and the like.
func TestLower(t *testing.T) {
	for _, c := range []struct {
		values  []float64
		percent int
		want    float64
	}{
		{oneToTen, 0, 1},
		{oneToTen, 50, 5},
		{oneToTen, 90, 9},
		{oneToTen, 99, 9},
		{oneToTen, 100, 10},
		{[]float64{7}, 99, 7},
		{[]float64{1, 2}, 50, 1},
		{nil, 50, 0},
	} {
		if got := quantile.Lower(c.values, c.percent); got != c.want {
			t.Errorf("p%d of %v = %v, want %v", c.percent, c.values, got, c.want)
		}
	}
}

func TestBucket(t *testing.T) {
	counts := []int64{0, 98, 1, 1, 0}
	for p, want := range map[float64]int{0.01: 1, 0.98: 1, 0.99: 2, 0.995: 3, 1: 3} {
		if got, ok := quantile.Bucket(counts, p); !ok || got != want {
			t.Errorf("the %v-quantile of %v is in bucket %d, %v, want %d", p, counts, got, ok, want)
		}
	}
	for _, none := range [][]int64{nil, {0, 0}} {
		if got, ok := quantile.Bucket(none, 0.5); ok {
			t.Errorf("the median of %v is in bucket %d", none, got)
		}
	}
}

func TestHistogram(t *testing.T) {
	var h quantile.Histogram
	if got := h.Quantile(.99); got != 0 {
		t.Errorf("without spans: %v, want 0", got)
	}
	for i := range 199 {
		h.Add(time.Duration(i+1) * time.Millisecond)
	}
	h.Add(time.Hour)
	for p, want := range map[float64]time.Duration{.5: 100 * time.Millisecond, .99: 198 * time.Millisecond} {
		if got := h.Quantile(p); got < want || float64(got) > 1.11*float64(want) {
			t.Errorf("quantile %v = %v, want %v or up to a tenth more", p, got, want)
		}
	}
	counts := h.Counts()
	if last := len(counts) - 1; counts[last] != 1 || quantile.Bound(last) < 2*time.Minute {
		t.Errorf("%d spans in the last bucket, from %v: an hour belongs there alone", counts[last], quantile.Bound(last))
	}
}
