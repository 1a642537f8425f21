package simulator

import (
	"bytes"
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/engine"
	"github.com/strangeloopio/inferencex/stages/simulator/metrics"
	"github.com/strangeloopio/inferencex/stages/simulator/sensor"
)

// driver lets the engine run by the clock and hands emissions to the requests
// that wait for them. All of the engine's state is behind its lock.
type driver struct {
	clock clock
	wake  chan struct{} // a submission may have made the next event earlier

	mu       sync.Mutex
	engine   *engine.Engine
	sensor   *sensor.Recorder
	metrics  *metrics.Set
	blocks   int           // of the KV cache, for the metrics
	network  time.Duration // round trip, which a server does not see of its own times
	inFlight map[uint64]*flight
	burst    int // emissions of the latest time at which there were any
	lastID   uint64
	lastAt   time.Duration // of the latest submission
}

// job is a generation to be made.
type job struct {
	prompt    []int64
	answer    []int64 // what it will say, as far as another prompt can begin with it; the end of the text is not in it
	output    int     // tokens that it will have
	maxTokens int     // that it asked for
	reason    string  // why it will end: "length" or "stop"
}

// flight is a request between its submission and its last emission.
type flight struct {
	id      uint64
	job     job
	arrival time.Duration
	first   time.Duration // of its first emission
	latest  time.Duration // of its latest emission
	ready   chan struct{} // something is pending

	mu      sync.Mutex
	pending []engine.Emission
	spare   []engine.Emission
}

// coarse is more than a timer of the runtime is late on an idle machine. What
// then remains of a wait is slept through in the kernel: a submission in that
// time is seen a little late, but still has its true time.
const coarse = 1200 * time.Microsecond

// A step's tokens fall due at one instant, and no machine writes hundreds of
// chunks at one. They are begun before it by half of what they take, so that
// times are true on average and none is off by more than half of the burst.
const (
	chunkCost = 16 * time.Microsecond // processor time of one, with a client's on the same machine
	maxLead   = time.Millisecond      // in wall time: a burst that takes longer is late at its end
)

// lead is how long before its time, by the wall clock, a burst like the latest one is begun.
func (d *driver) lead() time.Duration {
	return min(maxLead, time.Duration(d.burst)*chunkCost/time.Duration(2*runtime.GOMAXPROCS(0)))
}

// run drives until ctx ends.
func (d *driver) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next, busy, lead := d.catchUp()
		var due <-chan time.Time
		if busy {
			wait := d.clock.wall(next).Sub(d.clock.now()) - lead
			if wait <= coarse && ctx.Err() == nil {
				sleepShort(wait)
				continue
			}
			timer.Reset(wait - coarse)
			due = timer.C
		}
		select {
		case <-ctx.Done():
			return
		case <-d.wake:
		case <-due:
		}
	}
}

// catchUp advances to now, and says when the next event is, if there is one, and how long before it to begin.
func (d *driver) catchUp() (next time.Duration, busy bool, lead time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock() // also if the engine panics: requests in flight have to end
	d.advance(d.clock.at(d.clock.now().Add(d.lead())))
	next, busy = d.engine.Next()
	return next, busy, d.lead()
}

// advance lets everything up to a time happen and delivers it. It goes from
// event to event, so that the engine is not ahead of a submission that comes
// between the last one and that time. The lock is held.
func (d *driver) advance(to time.Duration) {
	for next, busy := d.engine.Next(); busy && next <= to; next, busy = d.engine.Next() {
		emissions := d.engine.Advance(next)
		if len(emissions) > 0 {
			d.burst = len(emissions)
		}
		for _, m := range emissions {
			if f := d.inFlight[m.ID]; f != nil { // or its client left while the last tokens were on their way
				d.count(f, m)
				f.deliver(m)
			}
		}
	}
}

// count books an emission as vLLM does: from the request's arrival at the server to the token's leaving it.
func (d *driver) count(f *flight, m engine.Emission) {
	more := m.Tokens
	if m.First {
		f.first = m.At
		d.metrics.FirstToken((m.At - f.arrival - d.network).Seconds())
		more--
	}
	if more > 0 {
		d.metrics.Tokens(more, (m.At - f.latest).Seconds())
	}
	f.latest = m.At
	if m.Finished {
		d.metrics.Finished(metrics.Request{
			Reason: f.job.reason, PromptTokens: len(f.job.prompt), OutputTokens: f.job.output, MaxTokens: f.job.maxTokens,
			DecodeSeconds: (m.At - f.first).Seconds(), E2ESeconds: (m.At - f.arrival - d.network).Seconds(),
		})
		delete(d.inFlight, m.ID)
	}
}

// submit starts a generation for a request that was received at a time that has passed. It counts from then, unless the engine is past it.
// That can be by the lead: then a client that asks again as soon as it has an answer, which came early, asks at the answer's true time.
func (d *driver) submit(received time.Duration, j job) (*flight, error) {
	blocks := engine.HashBlocks(slices.Concat(j.prompt, j.answer))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lastID++
	d.lastAt = max(d.lastAt, received, d.engine.Now())
	f := &flight{id: d.lastID, job: j, arrival: d.lastAt, ready: make(chan struct{}, 1)}
	err := d.engine.Submit(engine.Request{
		ID: f.id, At: f.arrival, PromptTokens: len(j.prompt), OutputTokens: j.output, Blocks: blocks,
	})
	if err != nil {
		return nil, err
	}
	d.inFlight[f.id] = f
	select {
	case d.wake <- struct{}{}:
	default:
	}
	return f, nil
}

// drop ends a generation whose client is gone; one that has finished is left alone.
func (d *driver) drop(f *flight) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inFlight[f.id] == nil {
		return
	}
	delete(d.inFlight, f.id)
	d.engine.Cancel(f.id)
	d.metrics.Aborted()
}

// printMetrics returns the metrics as of now.
func (d *driver) printMetrics() []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.advance(d.clock.elapsed())
	st := d.engine.Stats()
	var out bytes.Buffer // which takes every write
	_ = d.metrics.Write(&out, metrics.Engine{
		Running: st.Running, Waiting: st.Waiting, KVUsage: st.KVUsage, KVBlocks: d.blocks, BlockTokens: engine.BlockTokens,
		PromptTokens: st.PromptTokens, PrefixQueries: st.PrefixQueries, PrefixHits: st.PrefixHits, Preemptions: st.Preemptions,
	})
	return out.Bytes()
}

// deliver hands an emission to whoever takes.
func (f *flight) deliver(m engine.Emission) {
	f.mu.Lock()
	f.pending = append(f.pending, m)
	f.mu.Unlock()
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

// next waits for emissions and returns them in order; the slice is valid
// until the next call. It returns false once ctx has ended.
func (f *flight) next(ctx context.Context) ([]engine.Emission, bool) {
	select {
	case <-ctx.Done():
		return nil, false
	case <-f.ready:
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.pending
	f.pending, f.spare = f.spare[:0], out
	return out, true
}
