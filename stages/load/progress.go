package load

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/quantile"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/trace"
	"github.com/strangeloopio/inferencex/stages/load/scrape"
	"github.com/strangeloopio/inferencex/stages/traffic"
)

const (
	showEvery    = 200 * time.Millisecond // wall time
	rateReadings = 10                     // the rate is over so many showings
	recentRows   = 256                    // good answers that quantiles are over
)

// goal is what ends a load: so many requests, or so much of the server's time, whichever is first; 0: not that.
type goal struct {
	requests int
	lasts    time.Duration
}

// goalOf is the goal of a cell. A trace is over when its last request is answered, so it is taken to last until that is due.
func goalOf(cfg stage.LoadConfig, recorded *trace.Trace) goal {
	g := goal{requests: requestsOf(cfg, recorded), lasts: time.Duration(cfg.Workload.Duration)}
	if recorded != nil && g.requests > 0 {
		g.lasts = recorded.Due(g.requests - 1)
	}
	return g
}

// progress holds what is shown of a running load. It is safe for concurrent use.
type progress struct {
	session *traffic.Session
	server  *scrape.Watch // nil before the load
	goal    goal

	mu             sync.Mutex
	done, errors   int
	tokens, deltas int64  // of the ended requests: a delta may hold several tokens
	ttft, tpot     recent // ns, of the last good answers
	begun          reading
	readings       []reading // the last ones
}

// reading is the deltas so far at a time.
type reading struct{ ns, deltas int64 }

func newBoard(session *traffic.Session, goal goal) *progress {
	begun := reading{session.Clock.NowNS(), session.Client.Live().Deltas}
	return &progress{session: session, goal: goal, begun: begun, readings: []reading{begun}}
}

// add counts a request that has ended.
func (b *progress) add(row table.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done++
	b.deltas += int64(row.Chunks)
	if row.OSL != nil {
		b.tokens += int64(*row.OSL)
	}
	if row.Status != "ok" {
		b.errors++
		return
	}
	if row.TFirstToken == nil {
		return
	}
	b.ttft.add(*row.TFirstToken - row.TSend)
	if row.TLastToken != nil && row.OSL != nil && *row.OSL > 1 {
		b.tpot.add((*row.TLastToken - *row.TFirstToken) / int64(*row.OSL-1))
	}
}

// progress returns the figures of now.
func (b *progress) progress() stage.Progress {
	live := b.session.Client.Live()
	now := reading{b.session.Clock.NowNS(), live.Deltas}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readings = append(b.readings, now)
	if len(b.readings) > rateReadings {
		b.readings = slices.Delete(b.readings, 0, 1)
	}
	since := b.readings[0]
	if b.goal.requests > 0 && b.done == b.goal.requests {
		since = b.begun // the last word is about the whole load
	}
	figures := map[string]any{"in_flight": live.InFlight, "errors": b.errors, "output_tps": b.rate(since, now)}
	b.ttft.show(figures, "ttft")
	b.tpot.show(figures, "tpot")
	if left, ok := b.goal.left(time.Duration(now.ns-b.begun.ns), b.done); ok {
		figures["eta_s"] = b.session.Clock.Wall(left).Seconds()
	}
	b.addServer(figures)
	return stage.Progress{Done: b.done, Total: b.goal.requests, Figures: figures}
}

// left is how much longer a load takes that has lasted for so long and ended so many requests: at their pace so far, or until its time is over. It is
// false where nothing tells.
func (g goal) left(elapsed time.Duration, done int) (time.Duration, bool) {
	left, known := max(0, g.lasts-elapsed), g.lasts > 0
	if g.requests > 0 && done > 0 {
		if by := time.Duration(float64(elapsed) * float64(max(0, g.requests-done)) / float64(done)); !known || by < left {
			left, known = by, true
		}
	}
	return left, known
}

// recent is the last values of a series.
type recent struct {
	values []int64
	next   int
}

func (r *recent) add(v int64) {
	if len(r.values) < recentRows {
		r.values = append(r.values, v)
		return
	}
	r.values[r.next] = v
	r.next = (r.next + 1) % recentRows
}

// show adds the quantiles of a time in nanoseconds, where there are values.
func (r *recent) show(figures map[string]any, name string) {
	if len(r.values) == 0 {
		return
	}
	sorted := slices.Sorted(slices.Values(r.values))
	for _, percent := range []int{50, 99} {
		figures[fmt.Sprintf("%s_p%d_s", name, percent)] = float64(quantile.Lower(sorted, percent)) / 1e9
	}
}

// addServer adds what the server last said of itself.
func (b *progress) addServer(figures map[string]any) {
	latest, ok := b.server.Latest()
	if !ok {
		return
	}
	for name, v := range map[string]*float64{"server_running": latest.Running, "server_waiting": latest.Waiting, "kv_usage": latest.KVUsage} {
		if v != nil {
			figures[name] = *v
		}
	}
}

// rate returns tokens per server second between two readings. Deltas are counted as they come, and stand for as many tokens as
// those of the ended requests did.
func (b *progress) rate(since, now reading) float64 {
	if now.ns <= since.ns {
		return 0
	}
	rate := float64(now.deltas-since.deltas) / (float64(now.ns-since.ns) / 1e9)
	if b.deltas > 0 {
		rate *= float64(b.tokens) / float64(b.deltas)
	}
	return rate
}

// show reports progress until the returned function is called or ctx ends, and then the end. The function
// returns the panic that ended the showing before, which broken has heard of.
func (r *recorder) show(
	ctx context.Context, env stage.Env, server *scrape.Watch, broken func(error),
) (stop func() error) {
	r.board.server = server
	ctx, cancel := context.WithCancel(ctx)
	showing := crew.Crew{Stop: broken}
	showing.Go(func() error {
		ticker := time.NewTicker(showEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				env.Report(r.board.progress())
			case <-ctx.Done():
				env.Report(r.board.progress())
				return nil
			}
		}
	})
	return func() error {
		cancel()
		return showing.Wait()
	}
}
