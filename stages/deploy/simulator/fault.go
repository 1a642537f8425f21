package simulator

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/strangeloopio/inferencex/stages/deploy/simulator/openai"
)

// FaultKind says what goes wrong.
type FaultKind string

// The kinds. The last one strikes the server's start, all others a request.
const (
	FaultHTTP429        FaultKind = "http_429"        // refused with 429
	FaultHTTP500        FaultKind = "http_500"        // refused with 500
	FaultStreamError    FaultKind = "stream_error"    // an error object inside the stream
	FaultStreamTruncate FaultKind = "stream_truncate" // the connection breaks
	FaultStall          FaultKind = "stall"           // nothing comes for a while
	FaultDie            FaultKind = "die"             // the whole server dies
	FaultStartup        FaultKind = "startup"         // the server dies when it would be ready
)

// Serve ends with one of these after a fault.
var (
	ErrDied    = errors.New("the simulated server died")
	ErrStartup = errors.New("the simulated server did not start")
)

// Fault is something that goes wrong on demand.
type Fault struct {
	Kind         FaultKind `json:"kind"`
	Count        int       `json:"count"`         // how many requests it strikes, default 1
	AfterChunks  int       `json:"after_chunks"`  // chunks of text that come through first
	StallSeconds float64   `json:"stall_seconds"` // simulated, of a stall; 0: until the client leaves
	Message      string    `json:"message"`       // default: one that vLLM gives in such a case
}

var faultKinds = [...]FaultKind{
	FaultDie, FaultHTTP429, FaultHTTP500, FaultStall, FaultStartup, FaultStreamError, FaultStreamTruncate,
}

func (f Fault) check() error {
	switch {
	case !slices.Contains(faultKinds[:], f.Kind):
		return fmt.Errorf("unknown fault %q: known are %v", f.Kind, faultKinds)
	case f.Count < 0 || f.AfterChunks < 0 || f.StallSeconds < 0:
		return fmt.Errorf("fault %s: count %d, after_chunks %d and stall_seconds %v must not be negative", f.Kind, f.Count, f.AfterChunks, f.StallSeconds)
	}
	return nil
}

// apiError is how a client is told.
func (f Fault) apiError() *openai.Error {
	status, message := http.StatusInternalServerError, "EngineCore encountered an issue. See stack trace (above) for the root cause."
	if f.Kind == FaultHTTP429 {
		status, message = http.StatusTooManyRequests, "Too many requests, please try again later."
	}
	if f.Message != "" {
		message = f.Message
	}
	return openai.NewError(status, "", message)
}

// startupError is what Serve returns.
func (f Fault) startupError() error {
	message := f.Message
	if message == "" {
		message = "torch.OutOfMemoryError: CUDA out of memory."
	}
	return fmt.Errorf("%w: %s", ErrStartup, message)
}

// armed is the queue of faults that wait for a request.
type armed struct {
	mu    sync.Mutex
	queue []Fault
}

func (a *armed) add(f Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f.Count = max(1, f.Count)
	a.queue = append(a.queue, f)
}

// take returns the fault that strikes the next request, if any.
func (a *armed) take() (Fault, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.queue) == 0 {
		return Fault{}, false
	}
	f := a.queue[0]
	if a.queue[0].Count--; a.queue[0].Count == 0 {
		a.queue = a.queue[1:]
	}
	return f, true
}
