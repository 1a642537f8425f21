package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
)

// Read reads a plan as a run's plan.json holds it. Recipes and secrets are not in it.
func Read(path string) (*Plan, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	p := &Plan{Secrets: map[string]block.Text{}, Sealed: map[string]checkpoint.Entry{}}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, fmt.Errorf("read plan %s: %w", path, err)
	}
	if p.Schema != Schema {
		return nil, fmt.Errorf("read plan %s: schema %d, this program reads %d", path, p.Schema, Schema)
	}
	return p, nil
}

// ForReport turns the plan of a past run into one that measures nothing: what the run sealed is used again, what it did not is reported as
// missing for the reason why (by load, "not measured" where there is none), and the pure steps run.
func (p *Plan) ForReport(store *checkpoint.Store, why map[addr.Step]string) {
	for i := range p.Steps {
		step := &p.Steps[i]
		switch step.Class {
		case stage.Pure:
			step.Action, step.Reason = Run, "asked for"
		case stage.Measure:
			entry, ok, err := store.Lookup(step.Key)
			if err != nil {
				p.Warnings = append(p.Warnings, err.Error())
			}
			if !ok {
				step.Action, step.Reason = Skip, cmp.Or(why[addr.Step{Kind: Load, Name: step.Address.Name, Key: step.Address.Key}], "not measured")
				continue
			}
			step.Action, step.Reason = Reuse, "sealed by run "+entry.Run
			p.Sealed[step.Atom] = entry
		default:
			step.Action, step.Reason = Skip, "nothing is measured"
		}
	}
}
