package load

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/client"
	"github.com/strangeloopio/inferencex/stages/traffic"
)

// The names of a load's files. The journals become the tables when the load is over.
const (
	requestsFile    = "requests.parquet"
	chunksFile      = "chunks.parquet"
	requestsJournal = "requests.arrow"
	chunksJournal   = "chunks.arrow"
)

// recorder takes in the results of a load: it writes them to the journals, counts them and stops a load that has become pointless. All
// of it but its board is for the one goroutine that takes in.
type recorder struct {
	dir         string
	place       table.Request // what all rows have in common
	requests    *table.Journal[table.Request]
	chunks      *table.Journal[table.Chunk]
	board       *progress
	clock       *stage.Clock
	meta        table.Meta
	statuses    map[string]int
	protocols   map[string]int
	stale       int64
	gaps        int64   // between the chunks of one answer,
	shortGaps   int64   // and of these the ones under 1 ms of this machine's time
	lags        []int64 // t_send − t_sched of each row that was sent
	first, last int64   // window: first send, last end
	failure     *table.Request
	silent      int // rows in a row to which nothing at all was answered
	patience    int // so many silent or only failed rows end the load
}

func newRecorder(env stage.Env, task stage.Task, cfg stage.LoadConfig, session *traffic.Session, goal goal) (*recorder, error) {
	r := &recorder{
		dir: task.Dir, statuses: map[string]int{}, protocols: map[string]int{}, patience: max(32, 2*cfg.Users),
		place: table.Request{
			Cell: task.Address.String(), Trial: int32(cfg.Trial), Attempt: int32(task.Attempt), EpochUnixNS: session.Clock.UnixNS(0),
		},
		meta:  table.Meta{"cell": task.Address.String(), "run": env.RunID, "simulated": fmt.Sprint(task.Incarnation.Endpoint().Simulated)},
		clock: session.Clock, board: newBoard(session, goal),
	}
	var err error
	if r.requests, err = table.NewJournal[table.Request](filepath.Join(r.dir, requestsJournal)); err != nil {
		return nil, err
	}
	if r.chunks, err = table.NewJournal[table.Chunk](filepath.Join(r.dir, chunksJournal)); err != nil {
		return nil, errors.Join(err, r.requests.Close())
	}
	return r, nil
}

// record takes in one result. An error of it ends the load.
func (r *recorder) record(result traffic.Result) error {
	row := result.Row
	row.Cell, row.Trial, row.Attempt, row.EpochUnixNS = r.place.Cell, r.place.Trial, r.place.Attempt, r.place.EpochUnixNS
	for i := range result.Chunks {
		result.Chunks[i].Cell, result.Chunks[i].Request = row.Cell, row.Index
		if i > 0 {
			r.gaps++
			if r.clock.Wall(time.Duration(result.Chunks[i].T-result.Chunks[i-1].T)) < time.Millisecond {
				r.shortGaps++
			}
		}
	}
	if err := r.requests.Append(row); err != nil {
		return err
	}
	if err := r.chunks.Append(result.Chunks...); err != nil {
		return err
	}
	r.count(row)
	r.board.add(row)
	return r.pointless(row)
}

func (r *recorder) count(row table.Request) {
	r.statuses[row.Status]++
	if row.Status == "dropped" {
		return // no request was sent, so nothing is known by it of the server
	}
	if len(r.lags) == 0 {
		r.first = row.TSend
	}
	r.first, r.last = min(r.first, row.TSend), max(r.last, row.TDone)
	r.lags = append(r.lags, row.TSend-row.TSched)
	r.stale += int64(row.StaleRetries)
	if row.Protocol != "" {
		r.protocols[row.Protocol]++
	}
	if row.Status != "ok" && r.failure == nil {
		r.failure = &row
	}
}

// gapsUnder1ms returns the share of gaps between chunks that are so short: many of them say that chunks waited together.
func (r *recorder) gapsUnder1ms() float64 { return float64(r.shortGaps) / float64(max(1, r.gaps)) }

// pointless returns an error when more of the load would only be more of the same failure. A row of failures between good answers is a result.
func (r *recorder) pointless(row table.Request) error {
	switch {
	case row.Status == "dropped":
		return nil
	case row.Status == "http_error" && row.HTTPStatus == 0:
		r.silent++
	case row.Status != "cancelled":
		r.silent = 0
	}
	if r.silent >= r.patience {
		return stage.Failf(stage.Transient, stage.ReasonEndpointGone,
			"%d requests in a row had no answer: the endpoint is gone; the last: %s", r.silent, row.Error)
	}
	if len(r.lags) == r.patience {
		return r.verdict()
	}
	return nil
}

// verdict returns an error if no request succeeded.
func (r *recorder) verdict() error {
	switch {
	case r.statuses["ok"] > 0:
		return nil
	case r.failure == nil:
		return stage.Failf(stage.Permanent, "no_requests", "no request was sent")
	default:
		return stage.Failf(client.Class(*r.failure), client.Reason(*r.failure, "all_requests_failed"), "all of %d requests failed; the first ended with %s: %s",
			len(r.lags), r.failure.Status, r.failure.Error)
	}
}

// close closes the journals: what they hold is on disk.
func (r *recorder) close() error { return errors.Join(r.requests.Close(), r.chunks.Close()) }

// seal turns the journals into the tables.
func (r *recorder) seal() error {
	if err := sealOne[table.Request](r, requestsJournal, requestsFile); err != nil {
		return err
	}
	return sealOne[table.Chunk](r, chunksJournal, chunksFile)
}

func sealOne[R any](r *recorder, journal, sealed string) error {
	from := filepath.Join(r.dir, journal)
	if _, err := table.Seal[R](from, filepath.Join(r.dir, sealed), r.meta); err != nil {
		return err
	}
	if err := os.Remove(from); err != nil {
		return fmt.Errorf("remove the sealed journal: %w", err)
	}
	return nil
}
