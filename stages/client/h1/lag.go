package h1

import (
	"sync"
	"time"

	"github.com/strangeloopio/inferencex/schemas/quantile"
)

// histogram counts how long bytes waited to be read. It is safe for concurrent use; the zero value is empty.
type histogram struct {
	mu    sync.Mutex
	spans quantile.Histogram
	total int64
	most  time.Duration
}

func (h *histogram) add(span time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.spans.Add(span)
	h.total++
	h.most = max(h.most, span)
}

// lag returns what has been added so far. A quantile is the bound of its bucket, but never above the longest span.
func (h *histogram) lag() Lag {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Lag{
		Samples: h.total, P50: min(h.most, h.spans.Quantile(.50)), P99: min(h.most, h.spans.Quantile(.99)), Max: h.most,
	}
}
