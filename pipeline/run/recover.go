package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// Recover releases what earlier runs left alive, as the journal tells, but for what the plan can use: a deployment that it would make again in the
// same way is returned, for Config.Adopt. What cannot be released is told and stays in the journal: it is no reason not to measure elsewhere, and the
// outcome of the run will name it. The end of ctx does not reach a release.
func Recover(ctx context.Context, cfg Config) (adoptable []journal.Entry) {
	w := world{cfg}
	var useless []journal.Entry
	for _, entry := range cfg.Journal.Live() {
		step := entry.Record.Address
		if err := crew.Catch(func() error { return w.adoptable(entry) }); err != nil {
			w.warn(step, fmt.Errorf("run %s left %s %s; releasing it: %w", entry.Run, step, entry.State, err))
			useless = append(useless, entry)
			continue
		}
		adoptable = append(adoptable, entry)
	}
	w.releaseAll(context.WithoutCancel(ctx), useless, w.teardownTimeout(), once)
	return adoptable
}

// releaseUnadopted releases what was kept for deploy steps that have not come to it.
func (w world) releaseUnadopted(ctx context.Context) {
	var left []journal.Entry
	for _, entry := range w.Journal.Live() {
		if entry.Run != w.ID && slices.ContainsFunc(w.Adopt, func(a journal.Entry) bool { return a.Record.Token == entry.Record.Token }) {
			left = append(left, entry)
		}
	}
	w.releaseAll(context.WithoutCancel(ctx), left, w.teardownTimeout(), once)
}

func (w world) teardownTimeout() time.Duration {
	return time.Duration(w.Plan.Policies[plan.Teardown].Timeout)
}

// adoptable returns why what an earlier run left is of no use to the plan; nil if it may be.
func (w world) adoptable(entry journal.Entry) error {
	record := entry.Record
	at := slices.IndexFunc(w.Plan.Steps, func(s plan.Step) bool { return s.Address == record.Address })
	adopter, adopts := w.Kinds[plan.Deploy].(stage.Adopter)
	switch {
	case !adopts:
		return errors.New("it cannot be taken over")
	case entry.State != journal.Ready && entry.State != journal.Created:
		return errors.New("it was not ready for use")
	case at < 0 || w.Plan.Steps[at].Action != plan.Run:
		return errors.New("nothing is to be measured on it")
	}
	if err := adopter.Adoptable(w.Plan.Steps[at].Config, record); err != nil {
		return err
	}
	if need := w.needed(record.Address); !record.Deadline.IsZero() && w.Now().Add(need).After(record.Deadline) {
		return fmt.Errorf("its provider ends it at %s, before the %s are over that its cells may take", record.Deadline.UTC().Format(time.RFC3339), need.Round(time.Second))
	}
	return nil
}

// needed is how long the steps on a deployment are expected to take, its start-up apart.
func (w world) needed(deploy addr.Step) time.Duration {
	var sum time.Duration
	for _, step := range w.Plan.Steps {
		if step.Deployment == deploy && step.Address != deploy {
			sum += time.Duration(step.Expected)
		}
	}
	return sum
}

// Destroy releases what entries of the journal say may be alive, trying again and again for so long. It returns what is left.
func Destroy(ctx context.Context, cfg Config, entries []journal.Entry, limit time.Duration) []journal.Entry {
	world{cfg}.releaseAll(ctx, entries, limit, untilGone)
	left := cfg.Journal.Live()
	return slices.DeleteFunc(left, func(e journal.Entry) bool {
		return !slices.ContainsFunc(entries, func(asked journal.Entry) bool { return asked.Record.Token == e.Record.Token })
	})
}

// patience says whether to try again what could not be released.
type patience bool

const (
	once      patience = false
	untilGone patience = true
)

// releasePause is the wait between tries.
const releasePause = 3 * time.Second

// releaseAll releases resources side by side, so that a provider that hangs holds up none of another, and tells what it could not.
func (w world) releaseAll(ctx context.Context, entries []journal.Entry, limit time.Duration, p patience) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var all crew.Crew
	for _, entry := range entries {
		all.Go(func() error {
			err := w.tryRelease(ctx, entry.Record, limit, p)
			if err != nil {
				w.warn(entry.Record.Address, fmt.Errorf("release %s (%s), left by run %s: %w", entry.Record.Address, entry.Record.ID, entry.Run, err))
			}
			return err
		})
	}
	_ = all.Wait() // it has been told, and is in the journal
}

func (w world) tryRelease(ctx context.Context, record stage.Record, limit time.Duration, p patience) error {
	for {
		_, err := within(ctx, limit, func(ctx context.Context) (struct{}, error) { return struct{}{}, w.release(ctx, record) })
		if err == nil || ctx.Err() != nil || p == once {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(releasePause):
		}
	}
}
