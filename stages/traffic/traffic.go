// Package traffic decides when requests are sent.
//
// Its invariant: no request is sent before its time, none beyond the most that may be in flight, and when Run returns
// all have ended.
//
//  1. Prepare draws the lengths of all requests by the seed, fits the prompts and encodes the first ones. From then on
//     a feed encodes a bounded number of requests ahead of the clock.
//  2. A model decides when. Closed has a goroutine for each user: it takes the next request from the feed as soon as
//     the user's last one has ended and the user has thought. Open has a schedule: a request is sent when it is due,
//     by a goroutine of its own, whether or not the ones before it were answered.
//  3. A request that would exceed max_in_flight is dropped, and is a row all the same.
//  4. An answer within a conversation becomes part of the next prompt, which the same goroutine then sends.
//  5. Each result goes over one channel to the caller's function, which is never called twice at a time.
//  6. When the work, the model or the time is over, nothing new is sent. What is in flight ends, or is cut off after
//     the grace.
package traffic

import (
	"context"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Model is a load model: Closed or Open.
type Model interface {
	// lanes is how many requests are in flight at once, as far as the model knows ahead.
	lanes() int
	// run has the items that come out of work sent, each at its time, until work is closed, the model has
	// no more or ctx ends. It returns when every send that it called has. The error is a panic of one of
	// its goroutines. Times are nanoseconds on clock.
	run(ctx context.Context, clock *stage.Clock, work <-chan item, send sender) error
}

// sender sends an item and returns when it was answered, and the item that goes on from the answer; nil where none does. It may be called from many
// goroutines. user is -1 where a request is nobody's.
type sender func(ctx context.Context, user int, schedNS int64, it item) (doneNS int64, next *item)

// receive waits for an item. Ahead of it an ended ctx counts.
func receive(ctx context.Context, work <-chan item) (it item, ok bool) {
	if ctx.Err() != nil {
		return it, false
	}
	select {
	case it, ok = <-work:
		return it, ok
	case <-ctx.Done():
		return it, false
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
