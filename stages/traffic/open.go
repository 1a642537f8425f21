package traffic

import (
	"context"
	"math"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/think"
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
	pauses   think.Draws
	endNS    int64
}

var _ Model = (*Open)(nil)

// NewOpen returns the loop whose schedule begins at startNS on the load's clock. So many requests are expected to be in flight.
func NewOpen(startNS int64, schedule Schedule, expected int) *Open {
	return &Open{startNS: startNS, schedule: schedule, expected: expected, endNS: math.MaxInt64}
}

// WithTurns says how conversations go on whose first requests are due by the schedule: each further request after a pause, the n-th of a conversation for as
// long as pauses say, unless that is endNS or later. 0 is no end.
func (o *Open) WithTurns(pauses think.Draws, endNS int64) *Open {
	if o.pauses = pauses; endNS > 0 {
		o.endNS = endNS
	}
	return o
}

func (o *Open) lanes() int { return o.expected }

// run sends the requests of each conversation from a goroutine of its own, so that none waits for another's.
func (o *Open) run(ctx context.Context, clock *stage.Clock, work <-chan item, send sender) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	sending := crew.Crew{Stop: stop}
	sending.Go(func() error {
		for number := int64(0); ; number++ {
			due, ok := o.schedule.Next()
			if !ok || !sleepUntil(ctx, clock, o.startNS+due) {
				return nil
			}
			it, ok := receive(ctx, work)
			if !ok {
				return nil
			}
			sending.Go(func() error {
				o.converse(ctx, clock, number, o.startNS+due, it, send)
				return nil
			})
		}
	})
	return sending.Wait()
}

// converse sends a request and those that go on from it.
func (o *Open) converse(ctx context.Context, clock *stage.Clock, number, sched int64, it item, send sender) {
	for n := int64(1); ; n++ {
		done, further := send(ctx, nobody, sched, it)
		if sched = done + int64(o.pauses.At(number, n)); further == nil || sched >= o.endNS || !sleepUntil(ctx, clock, sched) {
			return
		}
		it = *further
	}
}

// nobody is the user of a request of an open loop.
const nobody = -1
