package traffic

import (
	"context"
	"sync"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Schedule says when the requests of an open loop are due: times after its start, ascending, until ok is false. It is asked from one
// goroutine.
type Schedule interface {
	Next() (dueNS int64, ok bool)
}

// Open is the open loop: requests are sent when they are due, whether or not those before them have been answered. A server that falls behind
// meets no mercy, as it would not from users who do not know of each other: what it delays is not delayed in turn.
type Open struct {
	startNS  int64
	schedule Schedule
	expected int
}

var _ Model = (*Open)(nil)

// NewOpen returns the loop whose schedule begins at startNS on the load's clock. So many requests are expected to be in flight.
func NewOpen(startNS int64, schedule Schedule, expected int) *Open {
	return &Open{startNS: startNS, schedule: schedule, expected: expected}
}

func (o *Open) lanes() int { return o.expected }

// run sends each request from a goroutine of its own, so that none waits for another.
func (o *Open) run(ctx context.Context, clock *stage.Clock, work <-chan item, send sender) {
	var sending sync.WaitGroup
	defer sending.Wait()
	for {
		due, ok := o.schedule.Next()
		if !ok || !sleepUntil(ctx, clock, o.startNS+due) {
			return
		}
		it, ok := receive(ctx, work)
		if !ok {
			return
		}
		sending.Go(func() { send(ctx, nobody, o.startNS+due, it) })
	}
}

// nobody is the user of a request of an open loop.
const nobody = -1
