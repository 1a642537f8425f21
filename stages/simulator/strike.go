package simulator

import (
	"context"
	"net/http"
	"time"
)

// strikes reports whether the fault is due before the next chunk.
func (g *generation) strikes() bool {
	return g.fault != nil && g.record.Chunks >= g.fault.AfterChunks
}

// strike lets the fault happen. It reports whether the answer goes on.
func (g *generation) strike(ctx context.Context, send func() bool) bool {
	fault := g.fault
	g.fault = nil
	switch fault.Kind {
	case FaultStall:
		g.stalled = true
		return g.stall(ctx, fault.StallSeconds)
	case FaultStreamError:
		g.record.Outcome = string(fault.Kind)
		g.buf = g.answer.AppendError(g.buf, fault.apiError())
		send()
		return false
	case FaultDie:
		g.server.stop(ErrDied)
	}
	g.record.Outcome = string(fault.Kind)
	panic(http.ErrAbortHandler)
}

// stall waits, and reports whether the client is still there afterwards.
func (g *generation) stall(ctx context.Context, seconds float64) bool {
	var over <-chan time.Time
	if seconds > 0 {
		timer := time.NewTimer(time.Duration(seconds / g.server.cfg.Speed * float64(time.Second)))
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
		return true
	case <-ctx.Done():
		g.record.Outcome = string(FaultStall)
		panic(http.ErrAbortHandler)
	}
}
