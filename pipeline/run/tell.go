package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// tell says how a step ended.
func (e *executor) tell(n *node) {
	ev := event.Event{Step: &n.Address, Attempt: n.attempt, Seconds: n.seconds}
	switch n.state {
	case Done:
		ev.Type = event.StepDone
	case Reused:
		ev.Type, ev.Message = event.StepReused, n.Reason
		if n.Action != plan.Reuse {
			ev.Message = "its inputs are as they were"
		}
	case Skipped:
		ev.Type, ev.Message = event.StepSkipped, n.Reason
	case Blocked:
		ev.Type = event.StepBlocked
	case Canceled:
		ev.Type = event.StepCanceled
	default:
		ev.Type = event.StepFailed
	}
	if n.state.OK() {
		ev.Key = e.sealed[n.Atom].Key
	}
	if n.err != nil {
		ev.Class, ev.Reason, ev.Message = string(stage.ClassOf(n.err)), stage.ReasonOf(n.err), n.err.Error()
	}
	if blocked := (*blockedError)(nil); n.state == Blocked && errors.As(n.err, &blocked) {
		ev.Message = blocked.by.String() + " failed" // how, it has told itself
	}
	e.Events.Emit(ev)
}

// noteHandler turns what a stage logs into events of its step.
type noteHandler struct {
	events event.Sink
	step   addr.Step
	attrs  []slog.Attr
}

// Enabled leaves debug output out.
func (h *noteHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// Handle emits one note.
func (h *noteHandler) Handle(_ context.Context, r slog.Record) error {
	text := []string{r.Message}
	add := func(a slog.Attr) bool {
		text = append(text, fmt.Sprintf("%s=%v", a.Key, a.Value))
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	level := event.Info
	if r.Level >= slog.LevelWarn {
		level = event.Warning
	}
	h.events.Emit(event.Event{Type: event.Note, Step: &h.step, Level: level, Message: strings.Join(text, " ")})
	return nil
}

// WithAttrs returns a handler that adds attrs to each note.
func (h *noteHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clone := *h
	clone.attrs = append(clone.attrs[:len(clone.attrs):len(clone.attrs)], attrs...)
	return &clone
}

// WithGroup returns h: notes are flat.
func (h *noteHandler) WithGroup(string) slog.Handler { return h }
