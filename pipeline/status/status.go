// Package status tells how far a run is, from its files alone. It takes nothing and changes nothing, so that it can be asked at any time, by any
// process, about a run in progress and about one that is long over.
package status

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/run"
)

// Schema is the version of the JSON form.
const Schema = 1

// Status is how far a run is.
type Status struct {
	Schema   int        `json:"schema"`
	Run      string     `json:"run"`
	Suite    string     `json:"suite"`
	Dir      string     `json:"dir"`
	State    string     `json:"state"` // as the manifest's status, but that a run whose process is gone has died
	Started  time.Time  `json:"started"`
	Ended    *time.Time `json:"ended,omitempty"`
	Seconds  float64    `json:"seconds"` // from its start to its end, or until now
	ExitCode *int       `json:"exit_code,omitempty"`
	Holder   *Holder    `json:"holder,omitempty"` // of the folder of runs, whoever that is

	Cells   Cells             `json:"cells"`
	Steps   map[run.State]int `json:"steps"` // how many are in each state
	Running []Step            `json:"running"`
	Failed  []Step            `json:"failed"`
	// Resources is what may be alive outside of the process, of this run and of earlier ones in the folder.
	Resources []Resource `json:"resources"`
	// RemainingSeconds is about how long the rest takes, at the pace so far; nil if the run is over.
	RemainingSeconds *float64 `json:"remaining_seconds,omitempty"`
	Warnings         []string `json:"warnings,omitempty"`
}

// Holder is who holds the folder of runs.
type Holder struct {
	Run   string    `json:"run"`
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	Alive bool      `json:"alive"`
	Seen  time.Time `json:"seen"` // its last sign of life
}

// Cells counts the cells of a run. Each is counted once.
type Cells struct {
	Total    int `json:"total"`
	Measured int `json:"measured"`
	Reused   int `json:"reused"`
	Running  int `json:"running"`
	Waiting  int `json:"waiting"` // for their turn
	Missing  int `json:"missing"` // failed, blocked or canceled: there will be no result
}

// Step is a step that runs or has failed.
type Step struct {
	Address addr.Step      `json:"step"`
	State   run.State      `json:"state"`
	Attempt int            `json:"attempt,omitempty"`
	Since   *time.Time     `json:"since,omitempty"` // of the attempt
	Done    int            `json:"done,omitempty"`
	Total   int            `json:"total,omitempty"`
	Figures map[string]any `json:"figures,omitempty"`
	Reason  string         `json:"reason,omitempty"`
	Message string         `json:"message,omitempty"`

	seconds float64 // that it took
}

// Resource is something that may be alive.
type Resource struct {
	Address    addr.Step     `json:"step"`
	Token      string        `json:"token"`
	ID         string        `json:"id,omitempty"`
	State      journal.State `json:"state"`
	Run        string        `json:"run"`
	AgeSeconds float64       `json:"age_seconds"`
	Deadline   *time.Time    `json:"deadline,omitempty"` // when its provider ends it by itself
}

// Read tells how far the run in dir is.
func Read(dir string, now time.Time) (Status, error) {
	manifest, err := run.ReadManifest(dir)
	if err != nil {
		return Status{}, err
	}
	p, err := plan.Read(filepath.Join(dir, "plan.json"))
	if err != nil {
		return Status{}, err
	}
	s := Status{
		Schema: Schema, Run: manifest.ID, Suite: manifest.Suite, Dir: dir, State: manifest.Status,
		Started: manifest.Started, Ended: manifest.Ended, ExitCode: manifest.ExitCode,
		Steps: map[run.State]int{}, Running: []Step{}, Failed: []Step{}, Resources: []Resource{},
	}
	end := now
	if s.Ended != nil {
		end = *s.Ended
	}
	if err := s.seeHolder(filepath.Dir(dir), now); err != nil {
		return Status{}, err
	}
	steps, last := s.readEvents(dir)
	if s.State == run.StatusDied && !last.IsZero() {
		end = last // the last that was heard of it
	}
	s.Seconds = max(0, end.Sub(s.Started).Seconds())
	s.count(p, steps)
	if s.State == run.StatusRunning {
		left := remaining(p, steps, now).Seconds()
		s.RemainingSeconds = &left
	}
	return s, s.seeResources(filepath.Dir(dir), now)
}

// Over reports whether nothing more will happen in the run in dir: it has ended, or died.
func Over(dir string, now time.Time) (bool, error) {
	manifest, err := run.ReadManifest(dir)
	if err != nil {
		return true, err
	}
	s := Status{Run: manifest.ID, State: manifest.Status}
	err = s.seeHolder(filepath.Dir(dir), now)
	return s.State != run.StatusRunning, err
}

// seeHolder tells a run that is at work from one whose process is gone.
func (s *Status) seeHolder(root string, now time.Time) error {
	sight, held, err := journal.Look(root, now)
	if err != nil {
		return err
	}
	if held {
		s.Holder = &Holder{Run: sight.Holder.Run, Host: sight.Holder.Host, PID: sight.Holder.PID, Alive: sight.Alive, Seen: sight.Seen.UTC()}
	}
	if s.State == run.StatusRunning && !(held && sight.Alive && sight.Holder.Run == s.Run) {
		s.State = run.StatusDied
	}
	return nil
}

// readEvents returns what the events tell of each step, and when the last of them happened.
func (s *Status) readEvents(dir string) (steps map[addr.Step]Step, last time.Time) {
	steps = map[addr.Step]Step{}
	file, err := os.Open(filepath.Join(dir, "events.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return steps, last // it has just begun
	}
	if err == nil {
		err = event.Each(file, func(e event.Event) {
			last = e.Time
			if e.Step != nil {
				step := steps[*e.Step]
				step.Address = *e.Step
				step.apply(e)
				steps[*e.Step] = step
			}
		})
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		s.Warnings = append(s.Warnings, fmt.Sprintf("read %s: %v", file.Name(), err))
	}
	return steps, last
}

// apply notes what an event tells of the step.
func (s *Step) apply(e event.Event) {
	switch e.Type {
	case event.StepStarted:
		at := e.Time
		*s = Step{Address: s.Address, State: run.Running, Attempt: e.Attempt, Since: &at}
	case event.StepProgress:
		s.Done, s.Total, s.Figures, s.Message = e.Done, e.Total, e.Figures, e.Message
	case event.StepRetried:
		s.Message = fmt.Sprintf("attempt %d: %s; again in %.0f s", e.Attempt, e.Message, e.Seconds)
	case event.StepDone, event.StepReused, event.StepSkipped, event.StepFailed, event.StepBlocked, event.StepCanceled:
		s.State, s.seconds = ends[e.Type], e.Seconds
		s.Reason, s.Message, s.Attempt = e.Reason, e.Message, cmp.Or(e.Attempt, s.Attempt)
	}
}

// ends are the states that the last event of a step leaves it in.
var ends = map[event.Type]run.State{
	event.StepDone: run.Done, event.StepReused: run.Reused, event.StepSkipped: run.Skipped,
	event.StepFailed: run.Failed, event.StepBlocked: run.Blocked, event.StepCanceled: run.Canceled,
}

// seeResources lists what may be alive.
func (s *Status) seeResources(root string, now time.Time) error {
	live, err := journal.Read(filepath.Join(root, "journal.jsonl"))
	for _, e := range live {
		r := Resource{Address: e.Record.Address, Token: e.Record.Token, ID: e.Record.ID, State: e.State, Run: e.Run}
		if !e.Since.IsZero() {
			r.AgeSeconds = now.Sub(e.Since).Seconds()
		}
		if deadline := e.Record.Deadline; !deadline.IsZero() {
			r.Deadline = &deadline
		}
		s.Resources = append(s.Resources, r)
	}
	return err
}
