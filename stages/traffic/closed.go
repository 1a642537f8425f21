package traffic

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
	"github.com/strangeloopio/inferencex/schemas/workload/think"
)

// Closed is the closed loop: each of the users sends its next request as soon as its former one has ended, so that exactly so many requests are in
// flight as there are users at the time. Users who think pause before that.
type Closed struct {
	shifts [][]shift // of each user
	pauses think.Draws
}

// shift is a stretch of time in which a user sends requests. One that is then in flight is answered after it.
type shift struct{ from, to int64 }

var _ Model = (*Closed)(nil)

// DefaultRamp is over how long users begin where a workload does not say. It keeps requests from leaving in one burst, which would wait for
// each other in the client, and is short beside any answer, so that users stay in flight together.
const DefaultRamp = 20 * time.Millisecond

// NewClosed returns the loop of so many users, who begin at times drawn from seed over ramp, the first of them at startNS on the load's
// clock. A duration, counted from startNS, ends the sending; 0 leaves the end to the work. Spans are in the server's time.
func NewClosed(users int, startNS int64, ramp, duration time.Duration, seed uint64) *Closed {
	endNS := int64(math.MaxInt64)
	if duration > 0 {
		endNS = startNS + int64(duration)
	}
	c := &Closed{shifts: make([][]shift, users)}
	for user, after := range spread(users, ramp, rand.New(rand.NewPCG(seed, 0))) {
		c.shifts[user] = []shift{{startNS + after, endNS}}
	}
	return c
}

// NewPhased returns the loop of users who come and go: those who came last go first. Within a ramp they do so at times drawn from seed; without
// one they come over DefaultRamp, and go at once.
func NewPhased(startNS int64, phases phase.Phases, seed uint64) *Closed {
	rng := rand.New(rand.NewPCG(seed, 0))
	c := &Closed{shifts: make([][]shift, phases.MostUsers())}
	present, now := 0, startNS
	for _, p := range phases {
		ramp := p.Ramp
		if ramp == 0 && p.Users > present {
			ramp = min(DefaultRamp, p.Duration/100)
		}
		for i, after := range spread(p.Users-present, ramp, rng) {
			c.shifts[present+i] = append(c.shifts[present+i], shift{now + after, math.MaxInt64})
		}
		for i, after := range spread(present-p.Users, ramp, rng) {
			mine := c.shifts[p.Users+i]
			mine[len(mine)-1].to = now + after
		}
		present = p.Users
		now += int64(p.Duration)
	}
	for _, mine := range c.shifts {
		if n := len(mine); n > 0 {
			mine[n-1].to = min(mine[n-1].to, now)
		}
	}
	return c
}

// Thinking has each of the users pause before every request but the first: for the n-th time as long as pauses say.
func (c *Closed) Thinking(pauses think.Draws) *Closed {
	c.pauses = pauses
	return c
}

// spread returns when each of n users does something within a ramp: one draw in each of n equal parts of it, in random order, the first at
// once; so they are evenly spread and never all at one end.
func spread(n int, ramp time.Duration, rng *rand.Rand) []int64 {
	if n <= 0 {
		return nil
	}
	after := make([]int64, n)
	for i := range after {
		after[i] = int64((float64(i) + rng.Float64()) / float64(n) * float64(ramp))
	}
	after[0] = 0
	rng.Shuffle(n, func(i, j int) { after[i], after[j] = after[j], after[i] })
	return after
}

func (c *Closed) lanes() int { return len(c.shifts) }

// run sends the requests of each user from a goroutine of its own.
func (c *Closed) run(ctx context.Context, clock *stage.Clock, work <-chan item, send sender) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	users := crew.Crew{Stop: stop}
	for user := range c.shifts {
		users.Go(func() error {
			c.user(ctx, clock, user, work, send)
			return nil
		})
	}
	return users.Wait()
}

// user sends the requests of one: those of a conversation one after another, then those of another. Who is gone when the next one of a conversation is
// due has ended it, and begins with another one on coming back.
func (c *Closed) user(ctx context.Context, clock *stage.Clock, user int, work <-chan item, send sender) {
	var due int64
	var further *item
	for n := int64(1); ; n++ {
		sched, ok := c.next(user, due)
		if !ok || !sleepUntil(ctx, clock, sched) {
			return
		}
		if sched > due || further == nil {
			it, ok := receive(ctx, work)
			if !ok {
				return
			}
			further = &it
		}
		due, further = send(ctx, user, sched, *further)
		due += int64(c.pauses.At(int64(user), n))
	}
}

// next returns when the user sends the request that is due at dueNS: then, or at the start of the next shift. It is false when there is none.
func (c *Closed) next(user int, dueNS int64) (int64, bool) {
	for _, s := range c.shifts[user] {
		if sched := max(dueNS, s.from); sched < s.to {
			return sched, true
		}
	}
	return 0, false
}
