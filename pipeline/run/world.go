package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// world is what executor and workers share. Nothing in it changes during a run.
type world struct{ Config }

// env is what the stage of one step sees of the world.
func (w world) env(step addr.Step) stage.Env {
	return stage.Env{
		RunID: w.ID, Now: w.Now, Getenv: w.Getenv,
		Secret: func(name string) string {
			if secret, ok := w.Plan.Secrets[name]; ok {
				return secret.Reveal()
			}
			return ""
		},
		Log: slog.New(&noteHandler{events: w.Events, step: step}),
		Progress: func(p stage.Progress) {
			w.Events.Emit(event.Event{Type: event.StepProgress, Step: &step, Done: p.Done, Total: p.Total, Message: p.Note, Figures: p.Figures})
		},
	}
}

// folder returns the name under which files of a step are kept in the run's folder.
func folder(step addr.Step) string {
	safe := []rune(step.Kind + "." + step.Name + "." + step.Key)
	for i, r := range safe {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-') {
			safe[i] = '_'
		}
	}
	return string(safe)
}

func (w world) attemptDir(step addr.Step, attempt int) string {
	return filepath.Join(w.Dir, "attempts", folder(step), fmt.Sprint(attempt))
}

func (w world) acquirer() (stage.Acquirer, error) {
	acquirer, ok := w.Kinds[plan.Deploy].(stage.Acquirer)
	if !ok {
		return nil, errors.New("no stage deploy is registered")
	}
	return acquirer, nil
}

// release destroys a resource once, writing down the beginning and the end of it.
func (w world) release(ctx context.Context, record stage.Record) error {
	acquirer, err := w.acquirer()
	if err != nil {
		return err
	}
	if err := w.Journal.Mark(record.Token, journal.Releasing); err != nil {
		return err
	}
	if err := acquirer.Release(ctx, w.env(record.Address), record); err != nil {
		return err
	}
	w.Events.Emit(event.Event{Type: event.ResourceGone, Step: &record.Address, Resource: record.Token, ID: record.ID})
	return w.Journal.Mark(record.Token, journal.Gone)
}

// ledger is the journal as an Acquirer sees it: what is written down is also told. The address is the executor's to say.
type ledger struct {
	journal *journal.Journal
	events  event.Sink
	step    addr.Step
}

var _ stage.Ledger = ledger{}

// Intend records that a resource is about to be created.
func (l ledger) Intend(record stage.Record) error {
	record.Address = l.step
	if err := l.journal.Intend(record); err != nil {
		return err
	}
	l.events.Emit(event.Event{Type: event.ResourceIntent, Step: &l.step, Resource: record.Token})
	return nil
}

// Created records the provider's id.
func (l ledger) Created(token, id string) error {
	if err := l.journal.Created(token, id); err != nil {
		return err
	}
	l.events.Emit(event.Event{Type: event.ResourceCreated, Step: &l.step, Resource: token, ID: id})
	return nil
}
