package load

import (
	"slices"
	"sync"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/load/scrape"
	"github.com/strangeloopio/inferencex/stages/traffic"
)

const (
	showEvery    = 200 * time.Millisecond // wall time
	rateReadings = 10                     // the rate is over so many showings
	recentTTFT   = 256                    // answers that the median is over
)

// board holds what is shown of a running load. It is safe for concurrent use.
type board struct {
	session *traffic.Session
	server  *scrape.Watch // nil before the load
	total   int

	mu             sync.Mutex
	done, errors   int
	tokens, deltas int64   // of the ended requests: a delta may hold several tokens
	ttft           []int64 // of the last good answers, as a ring
	next           int
	begun          reading
	readings       []reading // the last ones
}

// reading is the deltas so far at a time.
type reading struct{ ns, deltas int64 }

func newBoard(session *traffic.Session, total int) *board {
	begun := reading{session.Clock.NowNS(), session.Client.Live().Deltas}
	return &board{session: session, total: total, begun: begun, readings: []reading{begun}}
}

// add counts a request that has ended.
func (b *board) add(row table.Request) {
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
	if len(b.ttft) < recentTTFT {
		b.ttft = append(b.ttft, 0)
	}
	b.ttft[b.next] = *row.TFirstToken - row.TSend
	b.next = (b.next + 1) % recentTTFT
}

// progress returns the figures of now.
func (b *board) progress() stage.Progress {
	live := b.session.Client.Live()
	now := reading{b.session.Clock.NowNS(), live.Deltas}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readings = append(b.readings, now)
	if len(b.readings) > rateReadings {
		b.readings = slices.Delete(b.readings, 0, 1)
	}
	since := b.readings[0]
	if b.total > 0 && b.done == b.total {
		since = b.begun // the last word is about the whole load
	}
	figures := map[string]any{"in_flight": live.InFlight, "errors": b.errors, "output_tps": b.rate(since, now)}
	if len(b.ttft) > 0 {
		sorted := slices.Sorted(slices.Values(b.ttft))
		figures["ttft_p50_s"] = float64(sorted[len(sorted)/2]) / 1e9
	}
	b.addServer(figures)
	return stage.Progress{Done: b.done, Total: b.total, Figures: figures}
}

// addServer adds what the server last said of itself.
func (b *board) addServer(figures map[string]any) {
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
func (b *board) rate(since, now reading) float64 {
	if now.ns <= since.ns {
		return 0
	}
	rate := float64(now.deltas-since.deltas) / (float64(now.ns-since.ns) / 1e9)
	if b.deltas > 0 {
		rate *= float64(b.tokens) / float64(b.deltas)
	}
	return rate
}

// show reports progress until the returned function is called, which reports the end.
func (r *recorder) show(env stage.Env, server *scrape.Watch) (stop func()) {
	r.board.server = server
	stopped := make(chan struct{})
	var showing sync.WaitGroup
	showing.Go(func() {
		ticker := time.NewTicker(showEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				env.Report(r.board.progress())
			case <-stopped:
				env.Report(r.board.progress())
				return
			}
		}
	})
	return func() {
		close(stopped)
		showing.Wait()
	}
}
