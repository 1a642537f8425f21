package event

import (
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
)

// Sparse returns a Skip that lets one reading of progress through for each step and span of time, and every other event: enough to see from a
// file how far a step is, and few enough to keep the file of a long run short.
func Sparse(every time.Duration) func(Event) bool {
	last := map[addr.Step]time.Time{}
	return func(e Event) bool {
		if e.Step == nil {
			return false
		}
		if e.Type != StepProgress {
			delete(last, *e.Step) // it began or ended: its next reading counts as a first
			return false
		}
		before, known := last[*e.Step]
		if known && e.Time.Sub(before) < every {
			return true
		}
		last[*e.Step] = e.Time
		return false
	}
}
