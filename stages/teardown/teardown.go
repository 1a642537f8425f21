// Package teardown is the stage that releases a deployment.
//
// Its invariant: it succeeds only if the provider says that nothing is left, and when it gives up it says what may still run and how to
// remove it.
package teardown

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/plural"
)

// How long it waits between tries: a random part of a span that doubles, so that many releases do not strike a provider at once.
const (
	firstSpan   = 500 * time.Millisecond
	longestSpan = 30 * time.Second
)

// ReasonStillRunning is the reason of a release that was given up.
const ReasonStillRunning = "may_still_run"

// Kind is the stage "teardown". The zero value works.
type Kind struct{}

var _ stage.Runner = Kind{}

// New returns the stage.
func New() Kind { return Kind{} }

// Name is "teardown".
func (Kind) Name() string { return "teardown" }

// Class is Resource: what it does is never a checkpoint.
func (Kind) Class() stage.Class { return stage.Resource }

// Revision counts changes of this stage that change results; it has none.
func (Kind) Revision() int { return 1 }

// Timeout leaves time for a provider that ends servers slowly.
func (Kind) Timeout() time.Duration { return 15 * time.Minute }

// Run releases the task's incarnation, again and again until it is absent or ctx ends. Without an incarnation there is nothing to do.
func (Kind) Run(ctx context.Context, env stage.Env, task stage.Task) error {
	if task.Incarnation == nil {
		return nil
	}
	record := task.Incarnation.Record()
	for try, span := 1, firstSpan; ; try, span = try+1, min(2*span, longestSpan) {
		env.Report(stage.Progress{Note: fmt.Sprintf("releasing %s, try %d", name(record), try)})
		err := task.Incarnation.Release(ctx)
		if err == nil {
			return nil
		}
		if !pause(ctx, rand.N(span)) {
			return giveUp(record, try, err, ctx.Err())
		}
	}
}

// pause waits and returns false if ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// giveUp says what is left. It is permanent even where the last error was the end of ctx: nobody else will try again.
func giveUp(record stage.Record, tries int, last, end error) error {
	text := fmt.Errorf("%s may still be running after %s to release it: %w", name(record), plural.Of(tries, "try"), last)
	if !errors.Is(last, end) {
		text = fmt.Errorf("%w (%w)", text, end)
	}
	text = fmt.Errorf("%w; inferencex destroy with the same -dir tries again, and so does the next run", text)
	if !record.Deadline.IsZero() {
		text = fmt.Errorf("%w; its provider ends it at %s", text, record.Deadline.UTC().Format(time.RFC3339))
	}
	return stage.Fail(stage.Permanent, ReasonStillRunning, text)
}

func name(record stage.Record) string {
	if record.ID == "" {
		return "token " + record.Token
	}
	return record.ID + " (token " + record.Token + ")"
}
