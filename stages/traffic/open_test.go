package traffic

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/traffic/arrival"
)

// every is a schedule of so many arrivals a second.
func every(rps float64, length time.Duration) Schedule {
	return arrival.New(arrival.Constant(), []arrival.Segment{{From: rps, To: rps, Length: length}})
}

// Requests leave when they are due, however slow the answers are: the server of this test keeps ten times as many waiting as come in a second.
func TestOpenLoopWaitsForNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := int64(3 * time.Second)
		slow := func(int64) time.Duration { return 10 * time.Second }
		all := drive(t.Context(), stage.NewClock(time.Now, stage.ServerClock{}), NewOpen(start, every(5, 0), 1), 100, slow)
		if len(all) != 100 {
			t.Fatalf("%d requests", len(all))
		}
		for i, s := range all {
			if due := start + int64(i)*int64(200*time.Millisecond); s.sched != due || s.start != due || s.user != nobody {
				t.Fatalf("request %d was due at %d and sent at %d, want %d: %+v", i, s.sched, s.start, due, s)
			}
		}
		if n := inFlight(all, start+int64(15*time.Second)); n != 50 {
			t.Errorf("%d in flight, want 5/s for 10 s", n)
		}
	})
}

func TestOpenLoopEndsWithItsSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		all := drive(t.Context(), stage.NewClock(time.Now, stage.ServerClock{}), NewOpen(0, every(4, 2*time.Second), 1), 0, second)
		if took := time.Since(start); len(all) != 8 || took != 2750*time.Millisecond {
			t.Errorf("%d requests in %v, want 8, of which the last begins at 1.75 s", len(all), took)
		}
	})
}

func TestOpenLoopOfASimulatedServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		clock := stage.NewClock(time.Now, stage.ServerClock{Speed: 20})
		all := drive(t.Context(), clock, NewOpen(0, every(1, 0), 1), 21, second)
		if took := time.Since(start); len(all) != 21 || took != 1050*time.Millisecond {
			t.Errorf("%d requests in %v of wall time, want 21 s at twenty times the speed", len(all), took)
		}
	})
}

func TestCancelEndsAnOpenLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		start := time.Now()
		all := drive(ctx, stage.NewClock(time.Now, stage.ServerClock{}), NewOpen(0, every(1, 0), 1), 0, func(int64) time.Duration { return time.Hour })
		if took := time.Since(start); len(all) != 2 || took != 1500*time.Millisecond {
			t.Errorf("%d requests in %v", len(all), took)
		}
	})
}

// Where requests are made more slowly than they are due, they leave late by their own schedule, and those that can be in time again are.
func TestLateRequestsKeepTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := stage.NewClock(time.Now, stage.ServerClock{})
		work := make(chan item)
		go func() {
			defer close(work)
			for i := range int64(4) {
				if i == 1 {
					time.Sleep(time.Second)
				}
				work <- item{index: i}
			}
		}()
		lags := make([]time.Duration, 4)
		err := NewOpen(0, every(2, 0), 1).run(t.Context(), clock, work, func(_ context.Context, _ int, sched int64, it item) (int64, *item) {
			lags[it.index] = time.Duration(clock.NowNS() - sched)
			return 0, nil
		})
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]time.Duration{0, 500 * time.Millisecond, 0, 0}, lags); diff != "" {
			t.Errorf("lags (-want +got):\n%s", diff)
		}
	})
}

func TestFlight(t *testing.T) {
	bounded, free := &flight{most: 2}, &flight{}
	for i, want := range []bool{true, true, false, false} {
		if got := bounded.begin(); got != want {
			t.Errorf("request %d begins: %v", i, got)
		}
		if !free.begin() {
			t.Errorf("request %d is dropped where nothing is", i)
		}
	}
	bounded.end()
	if !bounded.begin() || bounded.begin() {
		t.Error("one that has ended makes room for one")
	}
}
