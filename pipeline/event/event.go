// Package event tells what a run does, as it does it. Events are numbered in the order in which they happened, and a file of them, one
// JSON object a line, is enough to draw the run's timeline.
package event

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
)

// Schema is the version of the JSON form, which JSONSchema describes.
const Schema = 1

// Type is what happened.
type Type string

// The types of event. A step starts, makes progress, is retried any number of times, and ends in one of the last six.
const (
	RunStarted      Type = "run_started"
	RunEnded        Type = "run_ended"
	ResourceIntent  Type = "resource_intent"  // about to be created
	ResourceCreated Type = "resource_created" // the provider's id is known
	ResourceReady   Type = "resource_ready"
	ResourceAdopted Type = "resource_adopted" // an earlier run's, taken over
	ResourceGone    Type = "resource_gone"    // the provider says that it is absent
	Note            Type = "note"             // something a person should know
	StepStarted     Type = "step_started"
	StepProgress    Type = "step_progress"
	StepRetried     Type = "step_retried"
	StepDone        Type = "step_done"
	StepReused      Type = "step_reused" // a sealed result was found
	StepFailed      Type = "step_failed"
	StepSkipped     Type = "step_skipped" // not needed
	StepBlocked     Type = "step_blocked" // a step that it needs did not succeed
	StepCanceled    Type = "step_canceled"
)

// Levels of notes.
const (
	Info    = "info"    // how a stage went about its work
	Warning = "warning" // something that the user should look at
)

// Event is one thing that happened. Fields that say nothing are left out of its JSON.
type Event struct {
	Schema   int            `json:"schema"`
	Seq      int64          `json:"seq"` // from 1, in the order of happening; a file that leaves out progress has gaps
	Time     time.Time      `json:"time"`
	Type     Type           `json:"type"`
	Run      string         `json:"run,omitempty"`
	Step     *addr.Step     `json:"step,omitempty"`
	Attempt  int            `json:"attempt,omitempty"`
	Seconds  float64        `json:"seconds,omitempty"` // how long the step took, on this machine's clock
	Class    string         `json:"class,omitempty"`   // class of the error
	Reason   string         `json:"reason,omitempty"`  // reason code of a failure
	Level    string         `json:"level,omitempty"`   // of a note: info or warning
	Message  string         `json:"message,omitempty"`
	Done     int            `json:"done,omitempty"`  // progress
	Total    int            `json:"total,omitempty"` // progress
	Figures  map[string]any `json:"figures,omitempty"`
	Resource string         `json:"resource,omitempty"` // token of a resource
	ID       string         `json:"id,omitempty"`       // the provider's id of it
	Key      string         `json:"key,omitempty"`      // checkpoint that a step sealed or used
}

// Sink takes events, one at a time and in order. It must not block for long.
type Sink interface {
	Emit(Event)
}

// Bus numbers and stamps events and hands them to every sink. Its Emit is safe for concurrent use.
type Bus struct {
	mu    sync.Mutex
	seq   int64
	run   string
	now   func() time.Time
	sinks []Sink
}

// NewBus returns a bus for one run.
func NewBus(run string, now func() time.Time, sinks ...Sink) *Bus {
	return &Bus{run: run, now: now, sinks: sinks}
}

// Emit stamps e and hands it on.
func (b *Bus) Emit(e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq++
	e.Schema, e.Seq, e.Time, e.Run = Schema, b.seq, b.now().UTC(), b.run
	for _, sink := range b.sinks {
		sink.Emit(e)
	}
}

// Lines writes events as JSON lines. It keeps the first error of the writer; later events are dropped. Steps that are settled without work come by the
// thousand: they are written with the next event that is of something else, of which the last is the run's end.
type Lines struct {
	w    io.Writer
	held []byte // lines that wait
	err  error
	// Skip leaves out the events for which it returns true; nil leaves out none.
	Skip func(Event) bool
}

// mostHeld is how many bytes of lines wait at most.
const mostHeld = 64 << 10

// NewLines returns a sink that writes to w.
func NewLines(w io.Writer) *Lines { return &Lines{w: w} }

// Emit writes one line.
func (l *Lines) Emit(e Event) {
	if l.err != nil || (l.Skip != nil && l.Skip(e)) {
		return
	}
	line, err := json.Marshal(e)
	if err != nil {
		l.err = err
		return
	}
	l.held = append(append(l.held, line...), '\n')
	if (e.Type == StepReused || e.Type == StepSkipped) && len(l.held) < mostHeld {
		return
	}
	_, l.err = l.w.Write(l.held)
	l.held = l.held[:0]
}

// Err returns the first error of writing.
func (l *Lines) Err() error { return l.err }
