package traffic

import (
	"context"
	"sync"

	"github.com/strangeloopio/inferencex/stages/client"
)

// item is a request of a load, encoded.
type item struct {
	index  int64
	call   *client.Call
	shared int32 // tokens that its prompt begins with in common with an earlier one, by intent
}

// feed encodes requests ahead of the clock, so that no lane waits for a prompt to be made. It stays a bounded number of requests ahead.
type feed struct {
	items chan item
	ready chan struct{} // closed when the look-ahead is full, or all is in it
	stop  context.CancelFunc
	wg    sync.WaitGroup
	err   error // to be read when items is closed
}

// newFeed starts to encode the requests 0 to n−1, or without end where n is 0.
func newFeed(ctx context.Context, n, ahead int, encode func(index int64) (item, error)) *feed {
	ctx, stop := context.WithCancel(ctx)
	f := &feed{items: make(chan item, ahead), ready: make(chan struct{}), stop: stop}
	f.wg.Go(func() {
		defer close(f.items)
		full := sync.OnceFunc(func() { close(f.ready) })
		defer full()
		for index := int64(0); n == 0 || index < int64(n); index++ {
			it, err := encode(index)
			if err != nil {
				f.err = err
				return
			}
			if len(f.items) == cap(f.items) {
				full()
			}
			select {
			case f.items <- it:
			case <-ctx.Done():
				return
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
	f.wg.Wait()
	return f.err
}
