package traffic

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
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

// Run sends the job's requests as the model says. It hands each result to each, which is called from one
// goroutine; an error of it stops the sending, but what was in flight is still handed over. Run returns
// when every request has ended and was handed over: nil, that error, or ctx's. A panic in any goroutine on
// the way stops the sending, too, and Run returns it.
func (s *Session) Run(ctx context.Context, model Model, each func(Result) error) error {
	sending, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	helpers := crew.Crew{Stop: stop}
	if s.job.CutAfter > 0 {
		helpers.Go(func() error { return cut(sending, s.Clock.Wall(s.job.CutAfter), stop) })
	}
	flight := &flight{most: int64(s.job.MaxInFlight)}
	if _, open := model.(*Open); open {
		flight.risen = make(chan struct{}, 1)
		helpers.Go(func() error { return s.dialAhead(sending, flight) })
	}
	took := newTaker(max(fewestResults, 2*model.lanes()), each, stop)
	send := func(ctx context.Context, user int, schedNS int64, it item) (int64, *item) {
		row, chunks, text := s.send(ctx, flight, schedNS, it, took.chunks())
		it.place(&row, user)
		took.results <- Result{row, chunks}
		if row.Status != "ok" {
			if err := s.Client.Err(); err != nil {
				stop(err)
			}
			return row.TDone, nil
		}
		return row.TDone, s.author.follow(ctx, it, row, text)
	}
	sent := model.run(sending, s.Clock, s.feed.items, send)
	taken := took.close()
	stop(nil) // the helpers
	if err := crew.Worst(sent, helpers.Wait(), s.Client.Err(), taken); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return crew.Worst(s.feed.crew.Err(), err)
	}
	return s.feed.close()
}

// cut ends the requests that are in flight after so long.
func cut(ctx context.Context, after time.Duration, stop func(error)) error {
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-timer.C:
		stop(errCut)
	case <-ctx.Done():
	}
	return nil
}

// taker hands results on, one at a time, and keeps their chunks for use again.
type taker struct {
	results chan Result
	spare   chan []table.Chunk
	each    func(Result) error
	stop    func(error) // hears of the first failure of each
	crew    crew.Crew
}

func newTaker(ahead int, each func(Result) error, stop func(error)) *taker {
	t := &taker{
		results: make(chan Result, ahead), spare: make(chan []table.Chunk, ahead), each: each, stop: stop,
	}
	t.crew.Go(t.run)
	return t
}

// run takes in every result: whoever sends one must not wait for a taker that is gone. Behind an error they
// are still handed on, behind a panic no more.
func (t *taker) run() error {
	var failure error
	panicked := false
	for r := range t.results {
		if !panicked {
			if err := crew.Catch(func() error { return t.each(r) }); err != nil {
				if failure == nil {
					t.stop(err)
				}
				panicked = crew.PanicIn(err) != nil
				failure = crew.Worst(failure, err)
			}
		}
		select {
		case t.spare <- r.Chunks[:0]:
		default:
		}
	}
	return failure
}

// chunks returns room for the chunks of a request.
func (t *taker) chunks() []table.Chunk {
	select {
	case chunks := <-t.spare:
		return chunks
	default:
		return nil
	}
}

// close returns when all results have been taken in, with what each has failed by.
func (t *taker) close() error {
	close(t.results)
	return t.crew.Wait()
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

// dialAhead keeps connections at hand for more requests than are in flight, so that none of an open loop
// waits for its own to be made, until ctx ends. What cannot be dialled is left to the request, which then
// says why.
func (s *Session) dialAhead(ctx context.Context, f *flight) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.risen:
		}
		now := int(f.now.Load())
		if missing := now + spareConnections + now/8 - s.Client.Live().Connections; missing > 0 {
			if err := s.Client.Warm(ctx, missing); crew.PanicIn(err) != nil {
				return err
			}
		}
	}
}
