package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// End says how much of its plan a run has carried out.
type End string

// The ends of a run. Each lets less begin than the one before it; teardowns begin always.
const (
	Complete    End = ""            // every step had its turn
	Stopped     End = "stopped"     // a step failed whose stage says on_failure = "stop": what ran came to its end, and what there is was reported
	DiskFailed  End = "disk failed" // what a step made could not be written: likewise, since what comes next would be lost
	TimedOut    End = "timed out"   // the run's time was over: what worked on deployments was canceled, and what there is was reported
	Interrupted End = "interrupted" // by its user or its surroundings: everything was canceled
)

// Reasons of steps that were canceled.
const (
	reasonStopped     = "stopped"
	reasonDisk        = "disk_failed"
	reasonTimedOut    = "run_timeout"
	reasonInterrupted = "interrupted"
)

// ending is why a run does not go on, and for how much of it that holds. The zero value is a run that goes on.
type ending struct {
	end End
	why error // of class Canceled
}

func stoppedBy(failed addr.Step) ending {
	return ending{Stopped, stage.Failf(stage.Canceled, reasonStopped, "the run stopped after %s failed (on_failure)", failed)}
}

// stoppedByDisk is the end of a run whose results cannot be written down: what is measured from now on would be lost.
func stoppedByDisk(failed addr.Step) ending {
	return ending{DiskFailed, stage.Failf(stage.Canceled, reasonDisk, "the run stopped after %s could not write to the disk", failed)}
}

func timedOutAfter(limit time.Duration) ending {
	return ending{TimedOut, stage.Failf(stage.Canceled, reasonTimedOut, "the run's time of %s was over (-timeout)", limit)}
}

// interruptedBy reads the cause of a context's end: what its owner gave as one, or else an interrupt.
func interruptedBy(ctx context.Context) ending {
	why := errors.New("the run was interrupted")
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		why = fmt.Errorf("the run was interrupted: %w", cause)
	}
	return ending{Interrupted, stage.Fail(stage.Canceled, reasonInterrupted, why)}
}

// admits reports whether a step of a class may still begin; underway says that it goes on with what another one has begun. Teardowns do not ask.
func (e ending) admits(class stage.Class, underway bool) bool {
	switch e.end {
	case Stopped, DiskFailed:
		return class == stage.Pure || underway
	case TimedOut:
		return class == stage.Pure
	default:
		return e.end == Complete
	}
}

// endRun makes the run end like this, unless it is about to end with less. What may not go on is canceled.
func (e *executor) endRun(how ending) {
	if rank(how.end) <= rank(e.ending.end) {
		return
	}
	e.ending = how
	if how.end != Stopped && how.end != DiskFailed {
		e.cancelWork(how.why)
	}
	e.unpark()
}

func rank(end End) int {
	return map[End]int{Complete: 0, Stopped: 1, DiskFailed: 1, TimedOut: 2, Interrupted: 3}[end]
}
