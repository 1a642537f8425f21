// Package scrape reads a server's own account of a load: its /metrics before, during and after. Its
// invariant: it neither fails a load nor holds it up, but for a panic, which is a bug. What it cannot read
// is missing, with the reason; it asks on connections of its own, never twice at a time, and spends no more
// than a tenth of the time on it.
package scrape

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
)

// The phases of a load in which a server is read.
const (
	Before = "before"
	During = "during"
	After  = "after"
)

const (
	period      = time.Second           // of the server's time, between readings during a load
	minPeriod   = 50 * time.Millisecond // of wall time: seconds of a simulated server may pass faster
	rest        = 9                     // times as long as a reading took, the next one waits
	patience    = 2 * time.Second       // of wall time, with one reading: connections that wait for the load must not grow old
	restTimeout = time.Second           // of wall time, until a server is at rest: engines count an answer a moment after they have sent it
	glance      = 30 * time.Millisecond // of wall time, between looks meanwhile
	mostRows    = 4096                  // that are kept of one load: of a longer one every second, and so on
)

// Config is what a Watch needs.
type Config struct {
	Ask   func(context.Context) ([][]byte, error) // answers with the /metrics of each server
	Clock *stage.Clock                            // of the load
	// Stop, where it is set, hears of a panic at once.
	Stop func(error)
}

// Watch reads a server from before a load to after it. Its owner calls End.
type Watch struct {
	cfg  Config
	stop context.CancelFunc // nil: there was nothing to read
	crew crew.Crew

	mu      sync.Mutex
	rows    []table.Server
	failed  int
	problem error
}

// Series is what was read.
type Series struct {
	Rows   []table.Server // in the order of time, without their cell
	Failed int            // readings during the load that did not come about
	// Problem is why there is no reading before or after the load, or a panic on the way; nil: there are both.
	Problem error
}

// Begin reads the server, and goes on doing so until End. A server that cannot be read is left alone.
func Begin(ctx context.Context, cfg Config) *Watch {
	w := &Watch{cfg: cfg, crew: crew.Crew{Stop: cfg.Stop}}
	row, err := w.readAtRest(ctx, Before)
	if err != nil {
		w.problem = err
		return w
	}
	w.rows = []table.Server{row}
	ctx, w.stop = context.WithCancel(ctx)
	w.crew.Go(func() error { return w.watch(ctx) })
	return w
}

// Latest returns the last reading, or false if there is none.
func (w *Watch) Latest() (table.Server, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rows) == 0 {
		return table.Server{}, false
	}
	return w.rows[len(w.rows)-1], true
}

// End reads the server a last time, once it has come to rest, and returns all readings.
func (w *Watch) End(ctx context.Context) Series {
	if w.stop != nil {
		w.stop()
		broken := w.crew.Wait()
		row, err := w.readAtRest(ctx, After)
		if err == nil {
			w.rows = append(w.rows, row)
		}
		w.problem = crew.Worst(broken, err)
	}
	return Series{Rows: w.rows, Failed: w.failed, Problem: w.problem}
}

// watch reads until ctx ends. The error is a panic of one of those who were asked.
func (w *Watch) watch(ctx context.Context) error {
	every := max(w.cfg.Clock.Wall(period), minPeriod)
	timer := time.NewTimer(every)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		begun := w.cfg.Clock.NowNS()
		row, err := w.read(ctx, During)
		if ctx.Err() != nil {
			return nil
		}
		if crew.PanicIn(err) != nil {
			return err
		}
		if w.keep(row, err) {
			every *= 2
		}
		took := w.cfg.Clock.Wall(time.Duration(w.cfg.Clock.NowNS() - begun))
		timer.Reset(max(every-took, rest*took))
	}
}

// keep takes in a reading during the load, and reports whether it has let go of every second one to have room.
func (w *Watch) keep(row table.Server, err error) (thinned bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.failed++
		return false
	}
	w.rows = append(w.rows, row)
	if len(w.rows) < mostRows {
		return false
	}
	kept := w.rows[:1]
	for i := 1; i < len(w.rows); i += 2 {
		kept = append(kept, w.rows[i])
	}
	w.rows = kept
	return true
}

// readAtRest reads the server when it has nothing to do, or after some time all the same: whoever else uses it may keep it busy.
func (w *Watch) readAtRest(ctx context.Context, phase string) (table.Server, error) {
	waiting, cancel := context.WithTimeout(ctx, restTimeout)
	defer cancel()
	for {
		row, err := w.read(ctx, phase)
		if err != nil || idle(row) || waiting.Err() != nil {
			return row, err
		}
		select {
		case <-waiting.Done():
		case <-time.After(glance):
		}
	}
}

func idle(row table.Server) bool {
	none := func(v *float64) bool { return v == nil || *v == 0 }
	return none(row.Running) && none(row.Waiting)
}

// read asks once.
func (w *Watch) read(ctx context.Context, phase string) (table.Server, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("/metrics had no answer within "+patience.String()))
	defer cancel()
	begun := w.cfg.Clock.NowNS()
	texts, err := w.cfg.Ask(ctx)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = context.Cause(ctx)
		}
		return table.Server{}, err
	}
	done := w.cfg.Clock.NowNS()
	row, err := readAll(texts)
	row.Phase, row.TSend, row.TDone = phase, begun, done
	return row, err
}
