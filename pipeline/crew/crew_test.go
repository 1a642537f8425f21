package crew_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
)

// explode is a function whose name is found in a stack.
func explode() error { panic("boom") }

func TestWaitHandsAPanicToTheOwner(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	c := crew.Crew{Stop: stop}
	for range 3 {
		c.Go(func() error {
			<-ctx.Done() // until the one that panics has them told
			return ctx.Err()
		})
	}
	c.Go(explode)
	err := c.Wait()
	p := crew.PanicIn(err)
	if p == nil || p.Value != "boom" || !strings.Contains(string(p.Stack), " [running]:\ngithub.com/strangeloopio/inferencex/pipeline/crew_test.explode(") {
		t.Fatalf("Wait = %v: want the panic with the stack of explode", err)
	}
	if context.Cause(ctx) != err {
		t.Errorf("Stop got %v, want the panic", context.Cause(ctx))
	}
	if !strings.HasPrefix(err.Error(), "panic: boom\ngoroutine ") {
		t.Errorf("the error reads %q: want the value and the stack", err)
	}
}

func TestAPanicTakesPrecedenceOverErrors(t *testing.T) {
	told := 0
	c := crew.Crew{Stop: func(error) { told++ }}
	failed := make(chan struct{})
	c.Go(func() error {
		defer close(failed)
		return errors.New("broken")
	})
	if err := c.Wait(); err == nil || err.Error() != "broken" {
		t.Errorf("Wait = %v, want the error", err)
	}
	<-failed
	c.Go(explode)
	if err := c.Wait(); crew.PanicIn(err) == nil {
		t.Errorf("Wait = %v, want the panic that came after the error", err)
	}
	if told != 1 {
		t.Errorf("Stop was called %d times, want once", told)
	}
}

func TestNoFailure(t *testing.T) {
	c := crew.Crew{Stop: func(err error) { t.Errorf("Stop(%v) of a crew in which nothing failed", err) }}
	for range 10 {
		c.Go(func() error { return nil })
	}
	if err := c.Wait(); err != nil {
		t.Errorf("Wait = %v", err)
	}
}

func TestCatch(t *testing.T) {
	broken := errors.New("broken")
	for _, tc := range []struct {
		name  string
		work  func() error
		brief string
	}{
		{"nothing", func() error { return nil }, ""},
		{"error", func() error { return broken }, "broken"},
		{"panic", explode, "panic: boom"},
		{"panic of nil", func() error { panic(nil) }, "panic: panic called with nil argument"},
		{"index", func() error { _ = []int{}[len(broken.Error())]; return nil }, "panic: runtime error: index out of range [6] with length 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := crew.Catch(tc.work)
			got := ""
			if err != nil {
				got = crew.Brief(err)
			}
			if got != tc.brief {
				t.Errorf("Catch = %q, want %q", got, tc.brief)
			}
		})
	}
}

func TestAPanicWithAnErrorIsNotThatError(t *testing.T) {
	err := crew.Catch(func() error { panic(context.Canceled) })
	if errors.Is(err, context.Canceled) {
		t.Error("a bug passes for a cancellation")
	}
}

func TestAsk(t *testing.T) {
	if v, err := crew.Ask(t.Context(), func(context.Context) (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("Ask = %d, %v, want 7", v, err)
	}
	if _, err := crew.Ask(t.Context(), func(context.Context) (int, error) { return 0, explode() }); crew.PanicIn(err) == nil {
		t.Errorf("Ask = %v, want the panic", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	deaf := make(chan struct{})
	defer close(deaf)
	if _, err := crew.Ask(ctx, func(context.Context) (int, error) { <-deaf; return 0, nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Ask = %v, want the end of its context", err)
	}
}

func TestEach(t *testing.T) {
	var mu sync.Mutex
	var called []int
	now, most := 0, 0
	err := crew.Each(20, 3, func(i int) error {
		mu.Lock()
		called = append(called, i)
		now++
		most = max(most, now)
		mu.Unlock()
		defer func() {
			mu.Lock()
			defer mu.Unlock()
			now--
		}()
		if i == 4 {
			return errors.New("the fifth")
		}
		return nil
	})
	slices.Sort(called)
	if len(called) != 20 || called[0] != 0 || called[19] != 19 {
		t.Errorf("called for %v, want each of 0 to 19 once, whatever fails", called)
	}
	if err == nil || err.Error() != "the fifth" {
		t.Errorf("Each = %v, want the error", err)
	}
	if most > 3 {
		t.Errorf("%d at the same time, want at most 3", most)
	}
	if err := crew.Each(0, 3, func(int) error { return explode() }); err != nil {
		t.Errorf("Each of none = %v", err)
	}
	count := 0
	if err := crew.Each(20, 1, func(int) error { count++; return explode() }); crew.PanicIn(err) == nil || count != 1 {
		t.Errorf("Each = %v after %d calls, want the panic after the first", err, count)
	}
}

func TestGoAllocatesOnce(t *testing.T) {
	var c crew.Crew
	work := func() error { return nil }
	if n := testing.AllocsPerRun(100, func() { c.Go(work); _ = c.Wait() }); n > 1 {
		t.Errorf("Go allocates %v times, want its goroutine's closure at most", n)
	}
}

func TestBrief(t *testing.T) {
	err := fmt.Errorf("load: %w; its log is lost", errors.Join(crew.Catch(explode), errors.New("disk full")))
	if got, want := crew.Brief(err), "load: panic: boom\ndisk full; its log is lost"; got != want {
		t.Errorf("Brief = %q, want %q", got, want)
	}
}

func TestCatchAllocatesNothing(t *testing.T) {
	sum := 0
	if n := testing.AllocsPerRun(100, func() { _ = crew.Catch(func() error { sum++; return nil }) }); n > 0 {
		t.Errorf("Catch allocates %v times", n)
	}
}
