package traffic

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Closed is the closed loop: each of the users sends its next request as soon as its former one has ended, so that exactly Users are in flight
// from the end of the ramp until the work or the duration is over.
type Closed struct {
	users  int
	starts []int64 // when each user begins
	endNS  int64   // no request is sent from here on; 0: the work ends it
}

var _ Model = (*Closed)(nil)

// DefaultRamp is over how long users begin where a workload does not say. It keeps requests from leaving in one burst, which would wait for
// each other in the client, and is short beside any answer, so that users stay in flight together.
const DefaultRamp = 20 * time.Millisecond

// NewClosed returns the loop of so many users, who begin at times drawn from seed over ramp, the first of them at startNS on the load's
// clock. A duration, counted from startNS, ends the sending; 0 leaves the end to the work. Spans are in the server's time.
func NewClosed(users int, startNS int64, ramp, duration time.Duration, seed uint64) *Closed {
	c := &Closed{users: users, starts: make([]int64, users)}
	rng := rand.New(rand.NewPCG(seed, 0))
	for user := range c.starts {
		// One draw in each of as many slots as there are users: evenly spread, never all at one end.
		c.starts[user] = startNS + int64((float64(user)+rng.Float64())/float64(users)*float64(ramp))
	}
	c.starts[0] = startNS
	rng.Shuffle(users, func(i, j int) { c.starts[i], c.starts[j] = c.starts[j], c.starts[i] })
	if duration > 0 {
		c.endNS = startNS + int64(duration)
	}
	return c
}

func (c *Closed) lanes() int { return c.users }

// run sends the requests of each user from a goroutine of its own.
func (c *Closed) run(ctx context.Context, clock *stage.Clock, work <-chan item, send sender) {
	var users sync.WaitGroup
	for user := range c.users {
		users.Go(func() {
			var free int64
			for {
				sched, ok := c.next(user, free)
				if !ok || !sleepUntil(ctx, clock, sched) {
					return
				}
				it, ok := receive(ctx, work)
				if !ok {
					return
				}
				free = send(ctx, user, sched, it)
			}
		})
	}
	users.Wait()
}

// next returns when the user's next request is due: at the user's start, and later the moment at which its former request ended. It is false
// when none is.
func (c *Closed) next(user int, freeNS int64) (int64, bool) {
	sched := max(freeNS, c.starts[user])
	return sched, c.endNS == 0 || sched < c.endNS
}
