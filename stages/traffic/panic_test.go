package traffic

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// One user's panic ends the requests of all others, of which none would have ended by itself.
func TestAPanicOfAUserEndsTheOthers(t *testing.T) {
	for name, model := range map[string]Model{
		"closed": NewClosed(4, 0, 0, 0, 1),
		"open":   NewOpen(0, every(4, 0), 4),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				work := make(chan item, 4)
				for i := range int64(4) {
					work <- item{index: i}
				}
				canceled := 0
				ended := make(chan error, 4)
				err := model.run(t.Context(), stage.NewClock(time.Now, stage.ServerClock{}), work, func(ctx context.Context, _ int, _ int64, it item) (int64, *item) {
					if it.index == 3 {
						panic("boom")
					}
					<-ctx.Done()
					ended <- context.Cause(ctx)
					return 0, nil
				})
				close(ended)
				for cause := range ended {
					if crew.PanicIn(cause) != nil {
						canceled++
					}
				}
				if p := crew.PanicIn(err); p == nil || p.Value != "boom" || canceled != 3 {
					t.Errorf("run = %v, and %d others were canceled by the panic: want it, and 3", err, canceled)
				}
			})
		})
	}
}

// Whoever takes results in may fail in two ways. Neither keeps the senders waiting, of whom there are more
// than results that fit in.
func TestResultsAreTakenInWhateverBecomesOfThem(t *testing.T) {
	for name, tc := range map[string]struct {
		each func() error
		want int // calls
	}{
		"an error": {func() error { return errors.New("disk full") }, 10},
		"a panic":  {func() error { panic("boom") }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			var stopped []error
			took := newTaker(1, func(Result) error { calls++; return tc.each() }, func(err error) { stopped = append(stopped, err) })
			for range 10 {
				took.results <- Result{Chunks: took.chunks()}
			}
			err := took.close()
			if len(stopped) != 1 || calls != tc.want || err != stopped[0] {
				t.Errorf("%v after %d calls, stopped by %v", err, calls, stopped)
			}
			if name == "a panic" && crew.PanicIn(err) == nil {
				t.Errorf("%v is no panic", err)
			}
		})
	}
}

func TestAPanicAsRequestsAreMadeEndsTheFeed(t *testing.T) {
	made := 0
	f := newFeed(t.Context(), 8, func() (item, bool, error) {
		if made++; made == 3 {
			panic("boom")
		}
		return item{}, true, nil
	})
	if err := f.wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := 0
	for range f.items {
		got++
	}
	if err := f.close(); crew.PanicIn(err) == nil || got != 2 {
		t.Errorf("%d requests, then %v: want two and the panic", got, err)
	}
}
