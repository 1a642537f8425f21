package view

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/run"
	"github.com/strangeloopio/inferencex/pipeline/status"
)

// Status prints how far a run is.
func Status(out io.Writer, s status.Status, now time.Time, colour bool) error {
	w := bufio.NewWriter(out)
	paint := style(colour)
	fmt.Fprintf(w, "%s  %s\n", paint.bold(s.Suite), s.Run)
	fmt.Fprintf(w, "State:     %s\n", sentence(s, now))
	c := s.Cells
	fmt.Fprintf(w, "Cells:     %d of %d have a result: %d measured, %d used again", c.Measured+c.Reused, c.Total, c.Measured, c.Reused)
	for _, part := range []struct {
		n    int
		what string
	}{{c.Running, "running"}, {c.Waiting, "waiting"}, {c.Missing, "without a result"}} {
		if part.n > 0 {
			fmt.Fprintf(w, ", %d %s", part.n, part.what)
		}
	}
	fmt.Fprintln(w)
	if left := s.RemainingSeconds; left != nil {
		wait := seconds(*left)
		fmt.Fprintf(w, "Left:      about %s, until %s\n", rough(wait), now.Add(wait).UTC().Format("15:04 UTC"))
	}
	for _, step := range s.Running {
		fmt.Fprintf(w, "Running:   %s  %s\n", step.Address, activityOf(step, now))
	}
	for _, step := range s.Failed {
		fmt.Fprintf(w, "Failed:    %s  %s: %s\n", step.Address, step.Reason, indent(step.Message, 4))
	}
	for _, r := range s.Resources {
		fmt.Fprintf(w, "Resource:  %s  %s\n", r.Address, lifeOf(r, s.Run, now))
	}
	for _, warning := range s.Warnings {
		fmt.Fprintf(w, "Warning:   %s\n", warning)
	}
	return w.Flush()
}

// sentence says what state a run is in, and since when.
func sentence(s status.Status, now time.Time) string {
	took := rough(seconds(s.Seconds))
	switch {
	case s.State == run.StatusRunning:
		return fmt.Sprintf("running for %s (process %d on %s, last sign of life %s ago)", took, s.Holder.PID, s.Holder.Host, rough(now.Sub(s.Holder.Seen)))
	case s.State == run.StatusDied:
		return fmt.Sprintf("died after %s: its process is gone. What is sealed stays: run the same suite again to go on", took)
	case s.Ended == nil:
		return s.State
	}
	text := fmt.Sprintf("%s after %s, at %s", s.State, took, s.Ended.UTC().Format("2006-01-02 15:04:05 UTC"))
	if s.ExitCode != nil {
		text += fmt.Sprintf(", exit code %d", *s.ExitCode)
	}
	return text
}

// activityOf says what a running step does.
func activityOf(s status.Step, now time.Time) string {
	a := &activity{done: s.Done, total: s.Total, figures: s.Figures, note: s.Message}
	text := fmt.Sprintf("attempt %d", s.Attempt)
	if s.Since != nil {
		text += ", " + rough(now.Sub(*s.Since))
	}
	if live := a.live(); live != "" {
		text += ", " + live
	}
	return text
}

// lifeOf says what is known of something that may be alive.
func lifeOf(r status.Resource, thisRun string, now time.Time) string {
	text := string(r.State)
	if r.ID != "" {
		text += " as " + r.ID
	}
	text += ", token " + r.Token
	if r.AgeSeconds > 0 {
		text += ", " + rough(seconds(r.AgeSeconds)) + " old"
	}
	if r.Run != thisRun {
		text += ", of run " + r.Run
	}
	switch {
	case r.Deadline == nil:
	case r.Deadline.After(now):
		text += ", its provider ends it in " + rough(r.Deadline.Sub(now))
	default:
		text += ", its provider's time limit passed " + rough(now.Sub(*r.Deadline)) + " ago"
	}
	return text
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// rough writes a time as exactly as a person wants it.
func rough(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", max(0, d.Seconds()))
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	default:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
}
