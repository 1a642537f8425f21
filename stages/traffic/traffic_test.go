package traffic

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
)

// sent is one request of a test: times on the load's clock.
type sent struct{ item, user, sched, start, end int64 }

// drive runs the model over n items (0: without end) whose requests take the given time, in a bubble of virtual time.
func drive(ctx context.Context, clock *stage.Clock, model Model, n int, takes func(item int64) time.Duration) []sent {
	work := make(chan item)
	feed, stop := context.WithCancel(ctx)
	var feeding sync.WaitGroup
	feeding.Go(func() {
		defer close(work)
		for i := int64(0); n == 0 || i < int64(n); i++ {
			select {
			case work <- item{index: i}:
			case <-feed.Done():
				return
			}
		}
	})
	var mu sync.Mutex
	var all []sent
	err := model.run(ctx, clock, work, func(ctx context.Context, user int, sched int64, it item) (int64, *item) {
		s := sent{item: it.index, user: int64(user), sched: sched, start: clock.NowNS()}
		timer := time.NewTimer(clock.Wall(takes(it.index)))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		s.end = clock.NowNS()
		mu.Lock()
		defer mu.Unlock()
		all = append(all, s)
		return s.end, nil
	})
	if err != nil {
		panic(err)
	}
	stop()
	feeding.Wait()
	slices.SortFunc(all, func(a, b sent) int { return int(a.item - b.item) })
	return all
}

func second(int64) time.Duration { return time.Second }

// inFlight returns how many requests are in flight just after t.
func inFlight(all []sent, t int64) int {
	n := 0
	for _, s := range all {
		if s.start <= t && t < s.end {
			n++
		}
	}
	return n
}

func TestClosedKeepsUsersInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := stage.NewClock(time.Now, stage.ServerClock{})
		uneven := func(item int64) time.Duration { return time.Second + time.Duration(item%7)*100*time.Millisecond }
		all := drive(t.Context(), clock, NewClosed(16, 0, DefaultRamp, 0, 1), 16*8, uneven)
		if len(all) != 16*8 {
			t.Fatalf("%d requests", len(all))
		}
		last := slices.MaxFunc(all, func(a, b sent) int { return int(a.start - b.start) }).start
		for at := int64(DefaultRamp); at <= last; at += int64(10 * time.Millisecond) {
			if n := inFlight(all, at); n != 16 {
				t.Fatalf("%d in flight at %v", n, time.Duration(at))
			}
		}
		for _, s := range all {
			if s.start != s.sched {
				t.Errorf("request %d: sent %v late", s.item, time.Duration(s.start-s.sched))
			}
		}
	})
}

// The next request of a user is due the moment its former one ended.
func TestClosedUsersFollowThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := drive(t.Context(), stage.NewClock(time.Now, stage.ServerClock{}), NewClosed(3, 0, 0, 0, 1), 12, second)
		ends := map[int64]int64{}
		slices.SortFunc(all, func(a, b sent) int { return int(a.start - b.start) })
		for _, s := range all {
			if s.sched != ends[s.user] {
				t.Errorf("user %d: due at %d, its former request ended at %d", s.user, s.sched, ends[s.user])
			}
			ends[s.user] = s.end
		}
		if len(ends) != 3 {
			t.Errorf("%d users", len(ends))
		}
	})
}

func TestClosedEndsWithItsDuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		all := drive(t.Context(), stage.NewClock(time.Now, stage.ServerClock{}), NewClosed(4, 0, 0, 3500*time.Millisecond, 1), 0, second)
		// Requests that began in time are let to their end.
		if took := time.Since(start); len(all) != 16 || took != 4*time.Second {
			t.Errorf("%d requests in %v", len(all), took)
		}
	})
}

func TestClockOfASimulatedServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		clock := stage.NewClock(time.Now, stage.ServerClock{Speed: 20})
		all := drive(t.Context(), clock, NewClosed(2, int64(10*time.Second), 0, 0, 1), 4, second)
		if took := time.Since(start); len(all) != 4 || took != 600*time.Millisecond {
			t.Errorf("%d requests in %v of wall time, want 12 s at twenty times the speed", len(all), took)
		}
	})
}

func TestCancelEndsAllUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		start := time.Now()
		all := drive(ctx, stage.NewClock(time.Now, stage.ServerClock{}), NewClosed(4, 0, 0, 0, 1), 0, second)
		if took := time.Since(start); len(all) != 8 || took != 1500*time.Millisecond {
			t.Errorf("%d requests in %v", len(all), took)
		}
	})
}

func TestCancelBeforeTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if all := drive(ctx, stage.NewClock(time.Now, stage.ServerClock{}), NewClosed(4, int64(time.Hour), 0, 0, 1), 8, second); len(all) != 0 {
			t.Errorf("%d requests", len(all))
		}
	})
}

func TestRamp(t *testing.T) {
	starts := func(seed uint64) []int64 {
		c := NewClosed(100, 5e9, time.Second, 0, seed)
		var all []int64
		for user := range c.lanes() {
			at, ok := c.next(user, 0)
			if !ok || at < 5e9 || at >= 6e9 {
				t.Fatalf("user %d begins at %d, %v", user, at, ok)
			}
			all = append(all, at)
		}
		return all
	}
	if diff := cmp.Diff(starts(1), starts(1)); diff != "" {
		t.Errorf("the same seed gives other starts:\n%s", diff)
	}
	if cmp.Equal(starts(1), starts(2)) {
		t.Error("another seed gives the same starts")
	}
	sorted := slices.Sorted(slices.Values(starts(1)))
	if sorted[0] != 5e9 {
		t.Errorf("the first user begins at %d", sorted[0])
	}
	for i := range 99 {
		if gap := sorted[i+1] - sorted[i]; gap > 20e6 {
			t.Errorf("nobody begins within %v", time.Duration(gap))
		}
	}
}

// Users come and go with the phases: those who came last go first, and nobody who goes is cut off.
func TestPhasesOfUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := time.Second
		phases := phase.Phases{{Users: 4, Duration: 20 * s}, {Users: 10, Ramp: 10 * s, Duration: 20 * s}, {Duration: 10 * s}, {Users: 2, Duration: 10 * s}}
		half := func(int64) time.Duration { return s / 2 }
		all := drive(t.Context(), stage.NewClock(time.Now, stage.ServerClock{}), NewPhased(0, phases, 1), 0, half)
		for _, at := range []struct {
			seconds float64
			want    int
		}{{0.1, 4}, {19.9, 4}, {20.05, 5}, {25, 7}, {29.99, 10}, {39.9, 10}, {40.6, 0}, {49.9, 0}, {50.1, 2}, {59.9, 2}, {60.6, 0}} {
			// On a ramp one user begins in each of as many parts of it as there are users to begin.
			if n := inFlight(all, int64(at.seconds*1e9)); n != at.want && (n < at.want-1 || n > at.want || at.seconds != 25) {
				t.Errorf("%d in flight after %g s, want %d", n, at.seconds, at.want)
			}
		}
		last := map[int64]int64{}
		for _, r := range all {
			last[r.user] = max(last[r.user], r.sched)
		}
		if len(last) != 10 || last[0] < 59e9 || last[9] > 40e9 {
			t.Errorf("the last requests of %d users were due at %v", len(last), last)
		}
	})
}

// A ramp down ends one user after another.
func TestPhasesRampDown(t *testing.T) {
	c := NewPhased(0, phase.Phases{{Users: 100, Duration: time.Second}, {Users: 20, Ramp: 8 * time.Second, Duration: 10 * time.Second}}, 3)
	for at, want := range map[int64]int{9e8: 100, 5e9: 60, 91e8: 20, 1099e7: 20, 11e9: 0} {
		n := 0
		for _, mine := range c.shifts {
			for _, s := range mine {
				if s.from <= at && at < s.to {
					n++
				}
			}
		}
		if n < want-1 || n > want+1 {
			t.Errorf("%d users at %v, want %d", n, time.Duration(at), want)
		}
	}
}
