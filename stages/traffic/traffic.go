// Package traffic decides when requests are sent. Its invariant: no request is sent before its time, none is in flight beyond the pacer's
// lanes, and when Run returns all have ended.
package traffic

import (
	"context"
	"sync"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Pacer says how many requests may be in flight and when each is to be sent. Times are nanoseconds on the load's clock. Its methods are
// safe for concurrent use. A closed loop answers the lane that asks; an open one would hand the next arrival of its schedule to whichever
// lane is free, however late.
type Pacer interface {
	// Lanes returns the most requests in flight at once.
	Lanes() int
	// Next returns when the lane's next request is to be sent, given that the lane has been free since freeNS, and false when
	// no more are to be sent.
	Next(lane int, freeNS int64) (schedNS int64, ok bool)
}

// Run sends what comes out of work, each at its time, until work is closed, the pacer has no more or ctx ends. send returns when its request
// ended; it is called from one goroutine for each lane. Run returns when all of them have.
func Run[T any](ctx context.Context, clock *stage.Clock, pacer Pacer, work <-chan T, send func(ctx context.Context, lane int, schedNS int64, item T) (endNS int64)) {
	var lanes sync.WaitGroup
	for lane := range pacer.Lanes() {
		lanes.Go(func() {
			var free int64
			for {
				sched, ok := pacer.Next(lane, free)
				if !ok || !sleepUntil(ctx, clock, sched) {
					return
				}
				item, ok := receive(ctx, work)
				if !ok {
					return
				}
				free = send(ctx, lane, sched, item)
			}
		})
	}
	lanes.Wait()
}

// receive waits for an item. Ahead of it an ended ctx counts.
func receive[T any](ctx context.Context, work <-chan T) (item T, ok bool) {
	if ctx.Err() != nil {
		return item, false
	}
	select {
	case item, ok = <-work:
		return item, ok
	case <-ctx.Done():
		return item, false
	}
}

// sleepUntil waits for a time on the clock and reports whether ctx let it.
func sleepUntil(ctx context.Context, clock *stage.Clock, ns int64) bool {
	return pause(ctx, clock.Wall(time.Duration(ns-clock.NowNS()))) == nil
}

// pause waits so long, in wall time, or until ctx ends.
func pause(ctx context.Context, wall time.Duration) error {
	if wall <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wall)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
