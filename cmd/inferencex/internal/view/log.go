package view

import (
	"fmt"
	"io"

	"github.com/strangeloopio/inferencex/pipeline/event"
)

// Log prints events one a line, with their time: what a run has done, to read or to search.
func Log(out io.Writer, e event.Event) error {
	who := "run"
	if e.Step != nil {
		who = e.Step.String()
	}
	_, err := fmt.Fprintf(out, "%s  %s  %s\n", e.Time.UTC().Format("2006-01-02T15:04:05.000Z"), who, indent(telling(e), 4))
	return err
}

// telling says what an event is about.
func telling(e event.Event) string {
	after := ""
	if e.Seconds >= 0.05 {
		after = fmt.Sprintf(" after %.1f s", e.Seconds)
	}
	switch e.Type {
	case event.RunStarted:
		return "started: " + e.Message
	case event.RunEnded:
		return "ended: " + e.Message
	case event.ResourceIntent:
		return "is about to create " + e.Resource
	case event.ResourceCreated:
		return fmt.Sprintf("created %s (%s)", e.ID, e.Resource)
	case event.ResourceReady:
		return fmt.Sprintf("ready: %s (%s)", e.Message, e.Resource)
	case event.ResourceAdopted:
		return fmt.Sprintf("took over %s (%s) from run %s", e.ID, e.Resource, e.Message)
	case event.ResourceGone:
		return fmt.Sprintf("gone: %s (%s)", e.ID, e.Resource)
	case event.Note:
		return e.Level + ": " + e.Message
	case event.StepStarted:
		return fmt.Sprintf("attempt %d: %s", e.Attempt, e.Message)
	case event.StepProgress:
		return (&activity{done: e.Done, total: e.Total, figures: e.Figures, note: e.Message}).live()
	case event.StepRetried:
		return fmt.Sprintf("attempt %d failed: %s: %s; again in %.0f s", e.Attempt, e.Reason, e.Message, e.Seconds)
	case event.StepDone:
		return "done" + after
	case event.StepReused:
		return "used again: " + e.Message
	case event.StepFailed:
		return fmt.Sprintf("failed%s: %s: %s", after, e.Reason, e.Message)
	case event.StepSkipped:
		return "not needed: " + e.Message
	case event.StepBlocked:
		return "not run: " + e.Message
	case event.StepCanceled:
		return fmt.Sprintf("canceled%s: %s", after, e.Message)
	default:
		return string(e.Type) + " " + e.Message // of another version
	}
}
