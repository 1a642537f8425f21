package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/strangeloopio/inferencex/schemas/quantile"
)

// Lag counts chunks by how far off its schedule, early or late, a simulated server wrote them, in wall time.
type Lag struct {
	SumSeconds    float64   `json:"sum_s"`
	BoundsSeconds []float64 `json:"bounds_s"` // of the buckets, ascending
	Counts        []int64   `json:"counts"`   // by bucket
}

// Lag asks a simulated server for the lag of all chunks that it has written. Other servers give an error that is ErrUnsupported.
func (c *Client) Lag(ctx context.Context) (Lag, error) {
	body, err := c.ask(ctx, http.MethodGet, "/simulator/lag", nil)
	if err != nil {
		return Lag{}, fmt.Errorf("lag of %s: %w", c.base, err)
	}
	var lag Lag
	if err := json.Unmarshal(body, &lag); err != nil {
		return Lag{}, fmt.Errorf("lag of %s: %w", c.base, err)
	}
	if len(lag.Counts) != len(lag.BoundsSeconds) {
		return Lag{}, fmt.Errorf("lag of %s: %d buckets with %d bounds", c.base, len(lag.Counts), len(lag.BoundsSeconds))
	}
	return lag, nil
}

// Since returns the lag of the chunks that were written after an earlier look at the same server.
func (l Lag) Since(earlier Lag) Lag {
	since := Lag{SumSeconds: l.SumSeconds - earlier.SumSeconds, BoundsSeconds: l.BoundsSeconds, Counts: append([]int64(nil), l.Counts...)}
	for i := range min(len(earlier.Counts), len(since.Counts)) {
		since.Counts[i] -= earlier.Counts[i]
	}
	return since
}

// Chunks is how many were counted.
func (l Lag) Chunks() int64 {
	var n int64
	for _, count := range l.Counts {
		n += count
	}
	return n
}

// MeanSeconds is the mean lag; 0 of no chunks.
func (l Lag) MeanSeconds() float64 { return l.SumSeconds / float64(max(1, l.Chunks())) }

// Quantile returns a bound in seconds that this share of the lags did not exceed; 0 of no chunks.
func (l Lag) Quantile(q float64) float64 {
	bucket, ok := quantile.Bucket(l.Counts, q)
	if !ok {
		return 0
	}
	return l.BoundsSeconds[bucket]
}
