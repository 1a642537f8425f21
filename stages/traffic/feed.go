package traffic

import (
	"context"
	"sync"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
	"github.com/strangeloopio/inferencex/stages/client"
)

// item is a request of a load, encoded.
type item struct {
	index   int64
	id      string // X-Request-Id
	call    *client.Call
	shared  int32          // tokens that its prompt begins with in common with an earlier one, by intent
	session length.Session // that it is one of
	turn    int32          // which one, from 1
	asked   *asked         // what it takes to go on from it; nil: nothing does
	// unmade says why there is no call: such a request fails when it is due.
	unmade error
}

// feed encodes requests ahead of the clock, so that no lane waits for a prompt to be made. It stays a bounded number of requests ahead.
type feed struct {
	items chan item
	ready chan struct{} // closed when the look-ahead is full, or all is in it
	stop  context.CancelFunc
	crew  crew.Crew
}

// newFeed starts to encode what next returns, until it returns false or an error.
func newFeed(ctx context.Context, ahead int, next func() (item, bool, error)) *feed {
	ctx, stop := context.WithCancel(ctx)
	f := &feed{items: make(chan item, ahead), ready: make(chan struct{}), stop: stop}
	f.crew.Go(func() error {
		defer close(f.items)
		full := sync.OnceFunc(func() { close(f.ready) })
		defer full()
		for {
			it, more, err := next()
			if !more || err != nil {
				return err
			}
			if len(f.items) == cap(f.items) {
				full()
			}
			select {
			case f.items <- it:
			case <-ctx.Done():
				return nil
			}
		}
	})
	return f
}

// wait returns when the look-ahead is full.
func (f *feed) wait(ctx context.Context) error {
	select {
	case <-f.ready:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drop ends the encoding, and lets nobody have what was encoded.
func (f *feed) drop() {
	f.stop()
	for range f.items {
	}
}

// close ends the encoding and returns the error that did so before.
func (f *feed) close() error {
	f.stop()
	return f.crew.Wait()
}
