package simulator

import "sync"

// RequestRecord is what the server saw of one request. Times are simulated
// nanoseconds since the epoch, taken just before a write; 0 is never.
type RequestRecord struct {
	ID                string `json:"id"`           // of the answer
	XRequestID        string `json:"x_request_id"` // as the client sent it
	ArrivalNS         int64  `json:"arrival_ns"`
	FirstTokenWriteNS int64  `json:"first_token_write_ns"`
	LastTokenWriteNS  int64  `json:"last_token_write_ns"`
	DoneNS            int64  `json:"done_ns"`
	PromptTokens      int    `json:"prompt_tokens"`
	CachedTokens      int    `json:"cached_tokens"`
	CompletionTokens  int    `json:"completion_tokens"` // as far as they were written
	Chunks            int    `json:"chunks"`            // with text
	Outcome           string `json:"outcome"`           // "length", "stop", "cancelled" or a FaultKind
}

// requestHistory is how many records are kept.
const requestHistory = 1 << 16

// records keeps the latest records in order of completion.
type records struct {
	mu   sync.Mutex
	ring []RequestRecord
	next int // where the next one goes, once the ring is full
}

func (r *records) add(rec RequestRecord) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ring) < requestHistory {
		r.ring = append(r.ring, rec)
		return
	}
	r.ring[r.next] = rec
	r.next = (r.next + 1) % requestHistory
}

func (r *records) all() []RequestRecord {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]RequestRecord, 0, len(r.ring))
	return append(append(out, r.ring[r.next:]...), r.ring[:r.next]...)
}
