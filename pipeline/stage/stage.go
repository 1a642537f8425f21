// Package stage is the contract between the pipeline and the kinds of stage. A kind is handed everything that it may use — its
// configuration, its inputs, an endpoint, a clock, a folder — and nothing else reaches it, so that equal tasks give equal results.
package stage

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/workload"
)

// Class says how the result of a kind may be used again.
type Class string

// The four classes, as ARCHITECTURE.md tells them.
const (
	Resource Class = "resource" // lives outside of this process; never a checkpoint; acquired only if a step needs it
	Effect   Class = "effect"   // valid for one incarnation of a deployment
	Measure  Class = "measure"  // sealed under its content key, used again, never overwritten
	Pure     Class = "pure"     // a function of its inputs; sealed under their digests
)

// Kind is one kind of stage. Its methods are safe for concurrent use.
type Kind interface {
	// Name is the word for the kind in suites, addresses and events.
	Name() string
	Class() Class
	// Revision counts changes of the code that change results; it is part of every checkpoint key.
	Revision() int
	// Timeout is how long one attempt may take where the suite says nothing: long enough never to end a
	// healthy step, short enough to end a dead one. It is above zero: a kind without a timeout could hang
	// for ever, and no plan is made with it.
	Timeout() time.Duration
}

// Optioned is the optional power of a kind to have arguments of its own in the stage block of a suite,
// beside those that all kinds have.
type Optioned interface {
	Kind
	// Body is the arguments: what they are, mean and default to.
	Body() block.Body
}

// Composed is the optional power of a pure kind whose result is made of parts that a registry lists, such as metrics or charts. The parts stand in
// the recipes of its steps beside the revision: one that is added, removed or described anew is seen without a new revision, also in a folder that
// was sealed before.
type Composed interface {
	Kind
	// Parts returns what the result says of each part, by a name such as metric.ttft_p99_s. It is plain data.
	Parts() map[string]any
}

// Runner is a kind whose steps do their work and end: every kind but deploy.
type Runner interface {
	Kind
	// Run does the step's work and leaves its files in task.Dir. They are the step's result if Run returns nil and are kept
	// as an aborted attempt if not. Run may be called again for the same step, with an empty folder. Errors are classed by ClassOf.
	Run(ctx context.Context, env Env, task Task) error
}

// Acquirer is a kind whose steps bring a resource to life: deploy.
type Acquirer interface {
	Kind
	// Acquire creates the resource and waits until it is fit for use. It tells the ledger each thing before it depends on it.
	// On an error whatever was created is released, or is in the ledger.
	Acquire(ctx context.Context, env Env, task Task, ledger Ledger) (Live, error)
	// Release destroys what the record names and returns nil only when its provider says that it is absent.
	// It needs no Live: records outlast processes. A record without an id is looked up by its token.
	Release(ctx context.Context, env Env, record Record) error
}

// Adopter is the optional power of an Acquirer to take over a resource that another process, which has died, acquired from the same configuration.
type Adopter interface {
	// Adoptable returns why the resource of a record is not one that this configuration describes, or none that another process can take over; nil if
	// it is worth to try. It asks nobody.
	Adoptable(config json.RawMessage, record Record) error
	// Adopt makes live what the record names, or returns why that cannot be: it is not there, not fit or not the same. It creates and destroys
	// nothing.
	Adopt(ctx context.Context, env Env, task Task, record Record) (Live, error)
}

// Watcher is the optional power of a kind to watch each incarnation for its whole life (a power sampler).
// The watch is closed before the incarnation is released.
type Watcher interface {
	Watch(ctx context.Context, env Env, task Task) (Watch, error)
}

// Watch is a running observation of one incarnation. The steps of the kind that opened it find it in Task.Watch.
type Watch interface {
	Close() error
}

// Ledger is where an Acquirer writes down what it is about to own, before it owns it. Each call returns when the record is on disk.
type Ledger interface {
	// Intend records that a resource with this token and spec digest is about to be created.
	Intend(record Record) error
	// Created records the provider's id the moment it is known.
	Created(token, id string) error
}

// Record is what is known of a resource outside of the process that made it.
type Record struct {
	Address    addr.Step       `json:"address"`
	Token      string          `json:"token"`        // idempotency key, label and name
	Config     json.RawMessage `json:"config"`       // the DeployConfig it was made from: no secrets
	SpecDigest string          `json:"spec_digest"`  // sha256 of Config
	ID         string          `json:"id,omitempty"` // the provider's; empty between intent and creation
	Deadline   time.Time       `json:"deadline"`     // when the provider ends it by itself; zero if it cannot
}

// Live is an acquired resource.
type Live interface {
	Record() Record
	Endpoint() Endpoint
	// Logs returns the last lines that the server wrote, oldest first; empty where the provider has none.
	Logs(ctx context.Context, lines int) ([]string, error)
	// Alive returns nil while the resource is there, and why not otherwise: with the reason
	// ReasonServerEnded, ReasonEngineDead or ReasonUnreachable, or with another one where nobody could
	// look. It takes a bounded time.
	Alive(ctx context.Context) error
}

// InProcess is the optional power of a Live whose server, or a part of it, is goroutines of this process.
type InProcess interface {
	// Panicked returns the panic by which those have ended; nil while there was none. It asks nobody.
	Panicked() error
}

// Incarnation is one life of a deployment.
type Incarnation struct {
	Live
	// Release destroys the resource once and returns nil only when its provider says that it is absent.
	Release func(ctx context.Context) error
}

// Env is the world as a stage may see it.
type Env struct {
	RunID  string
	Now    func() time.Time // carries a monotonic reading
	Getenv func(string) string
	// Secret returns a sensitive value of the suite by the name that a configuration holds in its stead.
	Secret func(name string) string
	// Library holds the contents that the suite's files had when it was read.
	Library workload.Library
	Log     *slog.Logger
	// Progress shows how far a step is. It never blocks; nil shows nothing.
	Progress func(Progress)
}

// Progress is one reading of a running step.
type Progress struct {
	Done, Total int            // units of work: requests for load and warmup
	Note        string         // one short phrase
	Figures     map[string]any // live figures by name: in_flight, output_tps, errors
}

// Report calls Progress if there is one.
func (e Env) Report(p Progress) {
	if e.Progress != nil {
		e.Progress(p)
	}
}

// Task is one step to run.
type Task struct {
	Address addr.Step
	Attempt int             // from 1; one that found no room and looks again has the next number, too
	Config  json.RawMessage // as planned: canonical JSON of the kind's configuration
	Dir     string          // an empty folder for the files of this attempt
	Inputs  []Input         // results that the step uses, in the plan's order
	// QueueUntil is until when an Acquirer may wait for its provider to have room; zero: not at all. It comes on top of other limits.
	QueueUntil time.Time
	// Incarnation is the deployment that the step works on; nil for pure kinds.
	Incarnation *Incarnation
	// Watch is what the kind's own Watch returned for the incarnation; nil if it is no Watcher.
	Watch Watch
}

// Input is the outcome of a step that another one uses.
type Input struct {
	Address addr.Step
	Dir     string // its sealed files; empty if it failed
	Failure string // why there are none
}

// Input returns the input from the step at a, if the task has it.
func (t Task) Input(a addr.Step) (Input, bool) {
	for _, in := range t.Inputs {
		if in.Address == a {
			return in, true
		}
	}
	return Input{}, false
}
