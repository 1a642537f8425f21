package traffic

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client"
)

// Result is one request that has ended. Index and user are set in its row, nothing else of its place in a run.
type Result struct {
	Row    table.Request
	Chunks []table.Chunk // good until the function that got them returns
}

// errCut ends the requests that are in flight at the end of a job.
var errCut = errors.New("still under way when the load and its grace were over")

// fewestResults are buffered ahead of who takes them in.
const fewestResults = 64

// Run sends the job's requests as the model says. It hands each result to each, which is called from one goroutine; an error of it stops
// the sending, but what was in flight is still handed over. Run returns when every request has ended and was handed over: nil, that error, or ctx's.
func (s *Session) Run(ctx context.Context, model Model, each func(Result) error) error {
	sending, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if s.job.CutAfter > 0 {
		cut := time.AfterFunc(s.Clock.Wall(s.job.CutAfter), func() { stop(errCut) })
		defer cut.Stop()
	}
	ahead := max(fewestResults, 2*model.lanes())
	results := make(chan Result, ahead)
	spare := make(chan []table.Chunk, ahead) // chunks of results that have been taken in
	var failure error
	var taking sync.WaitGroup
	taking.Go(func() {
		for r := range results {
			if err := each(r); err != nil && failure == nil {
				failure = err
				stop(err)
			}
			select {
			case spare <- r.Chunks[:0]:
			default:
			}
		}
	})
	flight := &flight{most: int64(s.job.MaxInFlight)}
	if _, open := model.(*Open); open {
		defer s.dialAhead(sending, flight)()
	}
	model.run(sending, s.Clock, s.feed.items, func(ctx context.Context, user int, schedNS int64, it item) (int64, *item) {
		var chunks []table.Chunk
		select {
		case chunks = <-spare:
		default:
		}
		row, chunks, text := s.send(ctx, flight, schedNS, it, chunks)
		it.place(&row, user)
		results <- Result{row, chunks}
		if row.Status != "ok" {
			return row.TDone, nil
		}
		return row.TDone, s.author.follow(ctx, it, row, text)
	})
	close(results)
	taking.Wait()
	if failure != nil {
		return failure
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.feed.close()
}

// send sends one request and returns what its answer says where a conversation goes on from it.
func (s *Session) send(ctx context.Context, flight *flight, schedNS int64, it item, chunks []table.Chunk) (row table.Request, _ []table.Chunk, text string) {
	if it.unmade != nil {
		return client.Unsent(it.id, schedNS, s.Clock.NowNS(), it.unmade), chunks, ""
	}
	if !flight.begin() {
		return it.call.Dropped(schedNS, fmt.Sprintf("%d requests were in flight", s.job.MaxInFlight)), chunks, ""
	}
	defer flight.end()
	if it.asked == nil {
		row, chunks = s.Client.Send(ctx, it.call, schedNS, chunks)
	} else {
		row, chunks, text = s.Client.SendForText(ctx, it.call, schedNS, chunks)
	}
	if row.Status == "cancelled" && errors.Is(context.Cause(ctx), errCut) {
		row.Status, row.Error = "unfinished", errCut.Error()
	}
	return row, chunks, text
}

// place says in a row which request of the load it is of.
func (it *item) place(row *table.Request, user int) {
	turns := int32(it.session.Turns)
	row.Index, row.User, row.ISLShared = it.index, int32(user), &it.shared
	row.Session, row.Turn, row.Turns = &it.session.Number, &it.turn, &turns
}

// flight counts the requests in flight and bounds them.
type flight struct {
	most  int64 // 0: no bound
	now   atomic.Int64
	risen chan struct{} // told of each new request; nil: nobody listens
}

// begin reports whether there is room for one more.
func (f *flight) begin() bool {
	if n := f.now.Add(1); f.most > 0 && n > f.most {
		f.now.Add(-1)
		return false
	}
	select {
	case f.risen <- struct{}{}:
	default:
	}
	return true
}

func (f *flight) end() { f.now.Add(-1) }

// spareConnections wait for more requests in flight than ever before, and as many again for each eight of these.
const spareConnections = 8

// dialAhead keeps connections at hand for more requests than are in flight, so that none of an open loop waits for its own to be made, until the
// returned function is called. What cannot be dialled is left to the request, which then says why.
func (s *Session) dialAhead(ctx context.Context, f *flight) (stop func()) {
	f.risen = make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(ctx)
	var dialling sync.WaitGroup
	dialling.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-f.risen:
			}
			now := int(f.now.Load())
			if missing := now + spareConnections + now/8 - s.Client.Live().Connections; missing > 0 {
				_ = s.Client.Warm(ctx, missing)
			}
		}
	})
	return func() {
		cancel()
		dialling.Wait()
	}
}
