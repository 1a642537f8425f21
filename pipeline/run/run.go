// Package run steps through a plan. Whatever happens on the way — a failed stage, a panic, ^C, a deadline — every deployment that was
// acquired is released before Run returns, or is named in its outcome.
package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Config is what a run needs. All fields must be set.
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
	Steps       []Result        // in the plan's order
	Interrupted bool            // ctx ended before the plan did
	Alive       []journal.Entry // what may still run and bill; empty unless a teardown failed
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

// Run executes the plan. Ending ctx is an interrupt: nothing more is begun, what runs is canceled, and every deployment is torn down
// under the teardown's own deadline. The error is about the run itself; what became of the steps is in the outcome.
func Run(ctx context.Context, cfg Config) (Outcome, error) {
	cfg.Events.Emit(event.Event{Type: event.RunStarted, Message: cfg.Plan.Suite})
	if err := recoverLeftovers(ctx, cfg); err != nil {
		return Outcome{Alive: cfg.Journal.Live()}, err
	}
	e, err := newExecutor(cfg)
	if err != nil {
		return Outcome{}, err
	}
	e.loop(ctx)
	outcome := Outcome{Interrupted: ctx.Err() != nil, Alive: cfg.Journal.Live()}
	for _, n := range e.nodes {
		outcome.Steps = append(outcome.Steps, Result{n.Address, n.state, n.err})
	}
	cfg.Events.Emit(event.Event{Type: event.RunEnded, Message: summary(outcome)})
	return outcome, nil
}

func summary(o Outcome) string {
	text := fmt.Sprintf("%d cells measured, %d used again", o.Count(plan.Load, Done), o.Count(plan.Load, Reused))
	if n := len(o.Failures()); n > 0 {
		text += fmt.Sprintf(", %d steps failed", n)
	}
	if o.Interrupted {
		text += ", interrupted"
	}
	return text
}

// recoverLeftovers releases what an earlier run left alive, as its journal tells.
func recoverLeftovers(ctx context.Context, cfg Config) error {
	leftovers := cfg.Journal.Live()
	if len(leftovers) == 0 {
		return nil
	}
	w := world{cfg}
	timeout := time.Duration(cfg.Plan.Policies[plan.Teardown].Timeout)
	var errs []error
	for _, entry := range leftovers {
		cfg.Events.Emit(event.Event{
			Type: event.Note, Level: event.Warning, Resource: entry.Record.Token, ID: entry.Record.ID,
			Message: fmt.Sprintf("run %s left %s %s; releasing it", entry.Run, entry.Record.Address, entry.State),
		})
		bounded, cancel := context.WithTimeout(ctx, timeout)
		if err := w.release(bounded, entry.Record); err != nil {
			errs = append(errs, fmt.Errorf("release %s (%s), left by run %s: %w", entry.Record.Address, entry.Record.ID, entry.Run, err))
		}
		cancel()
	}
	return errors.Join(errs...)
}
