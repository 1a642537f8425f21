// Package plan turns a suite into the steps that measure it.
//
// NewDraft makes the steps without a store. Each pass takes what the passes before it returned:
//
//  1. Select: name every cell of the suite, and keep the cells that the user's selectors pick.
//  2. Measure texts: give cells that send the texts of a dataset their mean lengths.
//  3. Group: put the cells that one server can serve on one deployment.
//  4. Check: refuse cells that cannot be measured. The mistakes that passes 1, 2 and 4 find are told
//     together, in the order of the suite's cells.
//  5. Configure: write the configuration of each step as canonical JSON. A cell's key is made from it.
//  6. Find twins: a cell with the configuration of an earlier one takes the result of that one.
//  7. Wire: make the steps and the edges between them.
//
// Draft.Decide turns the steps into a plan over a store:
//
//  8. Decide: look each cell up by its key. A sealed cell is used again, and any other cell runs.
//     A deployment is acquired only if one of its cells runs.
//  9. Estimate: tell how long the steps that run take and what they cost, warn of what providers foresee,
//     and refuse a plan over the suite's budget.
//
// Its invariant: a plan is complete and static. The executor runs what the plan lists, in the order that its
// edges allow, and nothing else; equal suites over equal checkpoints give equal plans, byte for byte.
package plan

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/dag"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/workload"
)

// Schema is the version of the JSON form.
const Schema = 1

// Kinds that a plan is made of.
const (
	Deploy     = "deploy"
	Warmup     = "warmup"
	Load       = "load"
	FetchPower = "fetch-power"
	Aggregate  = "aggregate"
	Plot       = "plot"
	Teardown   = "teardown"
)

// Action is what the plan means to do about a step.
type Action string

// The actions.
const (
	Run   Action = "run"   // do the step's work
	Reuse Action = "reuse" // a sealed result is there
	Skip  Action = "skip"  // nothing that runs needs it
)

// Plan is the steps of one suite, in an order that their edges allow.
type Plan struct {
	Schema int    `json:"schema"`
	Suite  string `json:"suite"`
	// Simulated says that a provider of it measures no hardware, whatever its servers turn out to be.
	Simulated bool              `json:"simulated,omitempty"`
	Steps     []Step            `json:"steps"`
	Policies  map[string]Policy `json:"policies"` // by kind
	Quota     map[string]GPUs   `json:"quota"`    // by provider as in addresses: GPUs held at once, by type
	Estimate  Estimate          `json:"estimate"`
	Warnings  []string          `json:"warnings,omitempty"`
	// Prompts are the datasets whose texts are sent, in the order of the cells.
	Prompts []Prompts `json:"prompts,omitempty"`

	// What follows stays in this process.
	Secrets map[string]block.Text       `json:"-"` // sensitive values by the names that configurations hold
	Library workload.Library            `json:"-"` // contents of the suite's files, by the digests that configurations hold
	Sealed  map[string]checkpoint.Entry `json:"-"` // by atom: the results that are used again
}

// GPUs counts GPUs by type.
type GPUs map[string]int

// Step is one node of the plan.
type Step struct {
	Address addr.Step       `json:"address"`
	Class   stage.Class     `json:"class"`
	Action  Action          `json:"action"`
	Reason  string          `json:"reason"` // why, in a few words
	Config  json.RawMessage `json:"config"`

	Needs []addr.Step `json:"needs,omitempty"` // must succeed before it; their files are its inputs
	Uses  []addr.Step `json:"uses,omitempty"`  // must have ended before it, however; their files or failures are its inputs
	After []addr.Step `json:"after,omitempty"` // must have ended before it; nothing is passed on

	// Deployment is the deploy step of the incarnation that the step works on; zero for pure steps.
	Deployment addr.Step `json:"deployment,omitzero"`
	// GPUs is what a deploy step holds until its teardown.
	GPUs *Claim `json:"gpus,omitempty"`

	// Expected is how long a step that runs is expected to take; 0 where there is nothing to go by.
	Expected stage.Duration `json:"expected,omitempty"`

	// Atom names the steps that are sealed together, under one key: those of one cell, or a pure step alone.
	Atom string `json:"atom,omitempty"`
	// SameAs is the atom of another cell with the same recipe: it is measured once, and its result is this one's too.
	SameAs string `json:"same_as,omitempty"`
	// Key is the checkpoint key of the atom; empty for pure steps whose inputs are not there yet.
	Key string `json:"key,omitempty"`
	// Replace says that the new result takes the place of a sealed one, which is put aside.
	Replace bool `json:"replace,omitempty"`

	// Recipe is what the key was made from, of a step that runs.
	Recipe checkpoint.Recipe `json:"-"`
}

// Claim is the GPUs of one deployment.
type Claim struct {
	Provider string `json:"provider"`
	GPUType  string `json:"gpu_type"`
	Count    int    `json:"count"`
}

// Before returns every step that must have ended before s, in order and once.
func (s Step) Before() []addr.Step {
	return slices.Concat(s.Needs, s.Uses, s.After)
}

// Graph returns the plan's graph: the one that the executor follows.
func (p *Plan) Graph() *dag.Graph[addr.Step] {
	graph := &dag.Graph[addr.Step]{}
	for _, step := range p.Steps {
		graph.Add(step.Address)
	}
	for _, step := range p.Steps {
		for _, before := range step.Before() {
			graph.Connect(before, step.Address)
		}
	}
	return graph
}

// Write writes the plan as JSON without blanks, one step at a time: the whole text of 10,000 cells takes as much memory as the plan.
func (p *Plan) Write(to io.Writer) error {
	outline := *p
	outline.Steps = nil
	text, err := json.Marshal(outline)
	if err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	before, after, _ := bytes.Cut(text, []byte(`"steps":null`)) // which no string in it can be: its quotation marks would be escaped
	w := bufio.NewWriterSize(to, 64<<10)
	_, _ = w.Write(before) // the first error is Flush's, too
	_, _ = w.WriteString(`"steps":[`)
	for i, step := range p.Steps {
		text, err := json.Marshal(step)
		if err != nil {
			return fmt.Errorf("write plan: %s: %w", step.Address, err)
		}
		if i > 0 {
			_ = w.WriteByte(',')
		}
		_, _ = w.Write(text)
	}
	_ = w.WriteByte(']')
	_, _ = w.Write(after)
	_ = w.WriteByte('\n')
	return w.Flush()
}

// Count returns how many steps of a kind have the action. An empty kind counts all.
func (p *Plan) Count(kind string, action Action) int {
	n := 0
	for _, step := range p.Steps {
		if (kind == "" || step.Address.Kind == kind) && step.Action == action {
			n++
		}
	}
	return n
}

// Twins counts the cells that take the result of another one, which is to be measured: nothing is sealed of them yet.
func (p *Plan) Twins() int {
	measured := map[string]bool{}
	for _, step := range p.Steps {
		if step.Address.Kind == Load && step.Action == Run {
			measured[step.Atom] = true
		}
	}
	n := 0
	for _, step := range p.Steps {
		if step.Address.Kind == Load && step.Action == Reuse && measured[step.SameAs] {
			n++
		}
	}
	return n
}

// Cells returns the number of cells in the plan.
func (p *Plan) Cells() int { return p.Count(Load, Run) + p.Count(Load, Reuse) + p.Count(Load, Skip) }
