package traffic

import (
	"context"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
	"github.com/strangeloopio/inferencex/schemas/workload/think"
)

// turn is one request of a conversation of a test: times on the load's clock.
type turn struct{ session, turn, user, sched, start, end int64 }

// converse runs the model over n conversations of so many turns (n = 0: without end) whose requests take the given time, in a bubble of virtual time. A turn that
// fails has no other behind it.
func converse(ctx context.Context, clock *stage.Clock, model Model, n, turns int, takes time.Duration, fails func(turn) bool) []turn {
	work := make(chan item)
	feed, stop := context.WithCancel(ctx)
	var feeding sync.WaitGroup
	feeding.Go(func() {
		defer close(work)
		for i := int64(0); n == 0 || i < int64(n); i++ {
			select {
			case work <- item{session: length.Session{Number: i, First: i * int64(turns), Turns: turns}, turn: 1}:
			case <-feed.Done():
				return
			}
		}
	})
	var mu sync.Mutex
	var all []turn
	err := model.run(ctx, clock, work, func(ctx context.Context, user int, sched int64, it item) (int64, *item) {
		now := turn{session: it.session.Number, turn: int64(it.turn), user: int64(user), sched: sched, start: clock.NowNS()}
		_ = pause(ctx, clock.Wall(takes))
		now.end = clock.NowNS()
		mu.Lock()
		defer mu.Unlock()
		all = append(all, now)
		next := it
		if next.turn++; int(next.turn) > turns || fails != nil && fails(now) {
			return now.end, nil
		}
		return now.end, &next
	})
	if err != nil {
		panic(err)
	}
	stop()
	feeding.Wait()
	slices.SortFunc(all, func(a, b turn) int { return int(a.start - b.start) })
	return all
}

// A user has one conversation after another, turn by turn, and pauses between the end of an answer and the next request: by the load's
// clock.
func TestUsersConverse(t *testing.T) {
	for name, pauses := range map[string]think.Time{
		"no pause": {}, "constant": think.Of(2 * time.Second), "exponential": {Kind: think.Exponential, Length: 3 * time.Second, Max: 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const users, sessions, turns = 5, 40, 4
				clock, draws := stage.NewClock(time.Now, stage.ServerClock{Speed: 4}), think.NewDraws(pauses, 1, 1)
				all := converse(t.Context(), clock, NewClosed(users, 0, DefaultRamp, 0, 1).Thinking(draws), sessions, turns, time.Second, nil)
				if len(all) != sessions*turns {
					t.Fatalf("%d requests", len(all))
				}
				last, sent := map[int64]turn{}, map[int64]int64{}
				for _, now := range all {
					before, known := last[now.user]
					if known {
						if gap := now.sched - before.end; gap != int64(draws.At(now.user, sent[now.user])) {
							t.Errorf("user %d pauses for %v, want %v", now.user, time.Duration(gap), draws.At(now.user, sent[now.user]))
						}
						if goesOn := now.session == before.session && now.turn == before.turn+1; goesOn == (before.turn == turns) || !goesOn && now.turn != 1 {
							t.Errorf("user %d: turn %d of %d follows turn %d of %d", now.user, now.turn, now.session, before.turn, before.session)
						}
					}
					if late := now.start - now.sched; late < -4 || late > 0 { // a nanosecond of this machine's time is four of the server's
						t.Errorf("sent %v late", time.Duration(late))
					}
					last[now.user] = now
					sent[now.user]++
				}
			})
		})
	}
}

// N = X·(R + Z): users who are answered in a second and think for two on average are in flight a third of the time.
func TestLittlesLaw(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const users, seconds = 30, 2000
		clock := stage.NewClock(time.Now, stage.ServerClock{})
		pauses := think.NewDraws(think.Time{Kind: think.Exponential, Length: 2 * time.Second}, 5, 1)
		all := converse(t.Context(), clock, NewClosed(users, 0, 0, seconds*time.Second, 1).Thinking(pauses), 0, 3, time.Second, nil)
		rate := float64(len(all)) / seconds
		if found := rate * (1 + 2); math.Abs(found/users-1) > 0.02 {
			t.Errorf("%g requests a second × 3 s = %g, want %d users", rate, found, users)
		}
	})
}

// A turn that fails is the last of its conversation, and its user begins another.
func TestAFailureEndsAConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := func(now turn) bool { return now.session%2 == 1 && now.turn == 2 }
		all := converse(t.Context(), stage.NewClock(time.Now, stage.ServerClock{}), NewClosed(3, 0, 0, 0, 1), 20, 4, time.Second, fails)
		reached := map[int64]int64{}
		for _, now := range all {
			reached[now.session] = max(reached[now.session], now.turn)
		}
		for session := range int64(20) {
			if want := []int64{4, 2}[session%2]; reached[session] != want {
				t.Errorf("conversation %d has %d turns, want %d", session, reached[session], want)
			}
		}
	})
}

// Who goes with a phase ends a conversation, and begins with another one on coming back.
func TestConversationsEndWithTheirUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := time.Second
		phases := phase.Phases{{Users: 2, Duration: 10 * s}, {Duration: 10 * s}, {Users: 2, Duration: 10 * s}}
		all := converse(t.Context(), stage.NewClock(time.Now, stage.ServerClock{}), NewPhased(0, phases, 1).Thinking(think.NewDraws(think.Of(s), 1, 1)), 0, 100, s, nil)
		for _, now := range all {
			if back := now.start >= int64(20*s); back != (now.session >= 2) || !back && now.start >= int64(10*s) {
				t.Errorf("after %v: turn %d of conversation %d", time.Duration(now.start), now.turn, now.session)
			}
		}
		if len(all) < 18 {
			t.Errorf("%d requests", len(all))
		}
	})
}

// Conversations of an open loop begin by the schedule, whatever becomes of others, and go on by their own pauses until the time is over.
func TestOpenConversations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const turns = 3
		s := int64(time.Second)
		pauses := think.NewDraws(think.Of(2*time.Second), 1, 1)
		all := converse(t.Context(), stage.NewClock(time.Now, stage.ServerClock{}), NewOpen(0, every(2, 0), 4).WithTurns(pauses, 10*s), 10, turns, time.Second, nil)
		var want []turn
		for session := range int64(10) {
			for n := range int64(turns) {
				if due := session*s/2 + n*3*s; due < 10*s {
					want = append(want, turn{session: session, turn: n + 1, user: nobody, sched: due, start: due, end: due + s})
				}
			}
		}
		order := func(a, b turn) int { return int(a.session-b.session)*100 + int(a.turn-b.turn) }
		slices.SortFunc(all, order)
		if !slices.Equal(all, want) {
			t.Errorf("got %v\nwant %v", all, want)
		}
	})
}
