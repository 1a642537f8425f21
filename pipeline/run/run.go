// Package run carries out a plan.
//
// Its invariant: whatever happens on the way (a failed stage, a panic, ^C, a deadline), every deployment that was
// acquired is released before Run returns, or is named in its outcome.
//
// One goroutine, loop, owns the state of the run:
//
//  1. A step is ready when every step before it has ended.
//  2. The verdict on a ready step: its result is reused, it is skipped, it is blocked by a step that it needs, it is
//     canceled because the run is ending, or it runs.
//  3. A deploy step first reserves its GPUs in the quota. Where there are too few it is parked, until a teardown gives
//     some back.
//  4. A step that runs gets a worker: a goroutine that makes the attempts, with their timeout, retries and a net under
//     panics, and that seals the result of an atom whose last step it was.
//  5. The worker sends back how the step ended. The loop frees the step's edges and goes on with 1.
//  6. An interrupt, a deadline, a failed disk or a step with on_failure = "stop" sets the ending: from then on step 2
//     admits only the classes of stage that this ending lets begin. Teardowns are always among them.
//  7. When nothing runs and nothing is ready, the loop ends. What an earlier process left alive and no step adopted is
//     released, and the outcome is told.
//  8. Should the loop itself panic, its workers are canceled and waited for, and whatever the journal says is
//     alive is released without steps.
package run

import (
	"context"
	"fmt"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/plural"
)

// Config is what a run needs. All fields but Adopt, Timeout and Crash must be set.
type Config struct {
	ID      string
	Dir     string // the run's folder, which exists
	Plan    *plan.Plan
	Kinds   map[string]stage.Kind
	Store   *checkpoint.Store
	Journal *journal.Journal
	Events  event.Sink // safe for concurrent use, as a Bus is
	Now     func() time.Time
	Getenv  func(string) string
	// Adopt is what Recover has kept for deploy steps to take over. What none of them does is released at the end.
	Adopt []journal.Entry
	// Timeout is how long the run may take until what works on deployments is canceled; teardowns come on top. 0: as long as it takes.
	Timeout time.Duration
	Crash   durable.Crash // at the boundaries that Boundaries lists
}

// State is how a step ended.
type State string

// The states. A step that has not ended is Pending or Running.
const (
	Pending  State = "pending"
	Running  State = "running"
	Done     State = "done"
	Reused   State = "reused"
	Skipped  State = "skipped"
	Failed   State = "failed"
	Blocked  State = "blocked"  // a step that it needs did not succeed
	Canceled State = "canceled" // interrupted, or not begun because of an interrupt
)

// OK reports whether what a step was to give is there.
func (s State) OK() bool { return s == Done || s == Reused }

// Outcome is how a run ended.
type Outcome struct {
	Steps   []Result        // in the plan's order
	End     End             // how much of the plan was carried out
	Alive   []journal.Entry // what may still run and bill; empty unless a teardown failed
	Missing []Failure       // cells without a result, in the plan's order
}

// Result is how one step ended.
type Result struct {
	Address addr.Step
	State   State
	Err     error // of Failed, Blocked and Canceled
}

// Failures returns the results of the steps that failed of themselves.
func (o Outcome) Failures() []Result {
	var failed []Result
	for _, r := range o.Steps {
		if r.State == Failed {
			failed = append(failed, r)
		}
	}
	return failed
}

// Measured returns how many cells were measured and sealed: their last step is done.
func (o Outcome) Measured() int { return o.Count(plan.FetchPower, Done) }

// Reused returns how many cells were sealed before.
func (o Outcome) Reused() int { return o.Count(plan.Load, Reused) }

// Count returns how many steps of a kind ended so.
func (o Outcome) Count(kind string, state State) int {
	n := 0
	for _, r := range o.Steps {
		if r.Address.Kind == kind && r.State == state {
			n++
		}
	}
	return n
}

// Run executes the plan. Ending ctx is an interrupt, whose cause is told: nothing more is begun, what runs is canceled, and every deployment is
// torn down under the teardown's own deadline. The error is about the run itself; what became of the steps is in the outcome.
func Run(ctx context.Context, cfg Config) (Outcome, error) {
	cfg.Events.Emit(event.Event{Type: event.RunStarted, Message: cfg.Plan.Suite})
	if cfg.Plan.Simulated {
		cfg.Events.Emit(event.Event{Type: event.Note, Level: event.Info, Message: "simulated: a provider of this suite measures no hardware"})
	}
	e, err := newExecutor(cfg)
	if err != nil {
		return Outcome{}, err
	}
	bug := crew.Catch(func() error {
		e.loop(ctx)
		return nil
	})
	if bug != nil {
		e.abandon(ctx, bug)
	}
	e.releaseUnadopted(ctx)
	outcome := Outcome{End: e.ending.end, Alive: cfg.Journal.Live()}
	for _, n := range e.nodes {
		outcome.Steps = append(outcome.Steps, Result{n.Address, n.state, n.err})
		if _, sealed := e.sealed[n.Atom]; n.Address.Kind == plan.Load && !sealed {
			outcome.Missing = append(outcome.Missing, Failure{n.Address, e.failure(n)})
		}
	}
	untold := crew.Catch(func() error { // what is alive is to be named whatever becomes of the view
		cfg.Events.Emit(event.Event{Type: event.RunEnded, Reason: string(outcome.End), Message: summary(outcome)})
		return nil
	})
	return outcome, crew.Worst(bug, untold, e.diskError(outcome))
}

// diskError says what a disk that failed has cost; nil if none did.
func (e *executor) diskError(o Outcome) error {
	if e.disk == nil {
		return nil
	}
	lost := "the report could not be written"
	if n := len(o.Missing); n > 0 {
		lost = plural.Of(n, "cell") + " could not be measured, because results could not be written"
	}
	return fmt.Errorf("%s: %w. What is sealed stays: the same command goes on with what is missing", lost, e.disk)
}

func summary(o Outcome) string {
	text := fmt.Sprintf("%s measured, %d used again", plural.Of(o.Measured(), "cell"), o.Reused())
	if n := len(o.Failures()); n > 0 {
		text += fmt.Sprintf(", %s failed", plural.Of(n, "step"))
	}
	if o.End != Complete {
		text += ", " + string(o.End)
	}
	return text
}
