package arrival

import "time"

// Replay is a schedule of times that are known: those of a recording. It is for one goroutine.
type Replay struct{ due []time.Duration }

// NewReplay returns the schedule of such times, ascending.
func NewReplay(due []time.Duration) *Replay { return &Replay{due} }

// Next returns the next time in nanoseconds, and false after the last.
func (r *Replay) Next() (dueNS int64, ok bool) {
	if len(r.due) == 0 {
		return 0, false
	}
	dueNS, r.due = int64(r.due[0]), r.due[1:]
	return dueNS, true
}
