package plan

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/plural"
)

// decide gives each step of a plan its key, its action and the reason: cells first, then what the cells that
// run need, then what follows from them.
func decide(p *Plan, cfg Config, store *checkpoint.Store) error {
	d := decider{
		store: store, plan: p, kinds: cfg.Kinds, replace: cfg.Replace, fresh: cfg.Fresh,
		index: map[addr.Step]*Step{},
	}
	d.former = func(benchmark string) []string { return cfg.Suite.FormerNames("benchmark", benchmark) }
	for i := range p.Steps {
		d.index[p.Steps[i].Address] = &p.Steps[i]
	}
	return errors.Join(d.measures(), d.resources(), d.pures())
}

// decider decides about the steps of one plan.
type decider struct {
	store *checkpoint.Store
	plan  *Plan
	kinds map[string]stage.Kind
	index map[addr.Step]*Step

	replace []addr.Selector
	fresh   bool
	former  func(benchmark string) []string // names that a benchmark had before
}

// measures decides about the cells: what is sealed under the same recipe is used again.
func (d *decider) measures() error {
	atoms := d.atoms(stage.Measure)
	lookups, err := d.lookups(atoms)
	if err != nil {
		return err
	}
	for i, found := range lookups {
		members := atoms[i]
		action, reason, err := d.judge(members[0], found)
		if err != nil {
			return err
		}
		replace := action == Reuse && d.replaced(members)
		if replace {
			action, reason = Run, againAsked
			delete(d.plan.Sealed, members[0].Atom)
		}
		if twin := members[0].SameAs; twin != "" && action == Run {
			action, reason = Reuse, "the same as "+twin
		}
		recipe := found.recipe
		if action == Reuse {
			recipe = nil // nothing will be sealed under it
		}
		for _, step := range members {
			step.Key, step.Recipe, step.Action, step.Reason, step.Replace = found.key, recipe, action, reason, replace
		}
	}
	return nil
}

// againAsked is why a step runs although its result is there.
const againAsked = "asked to make it again"

// replaced reports whether the user asked to measure a cell again.
func (d *decider) replaced(members []*Step) bool {
	return d.fresh || slices.ContainsFunc(members, func(step *Step) bool {
		return slices.ContainsFunc(d.replace, func(s addr.Selector) bool { return s.Match(step.Address) })
	})
}

// atoms returns the steps of a class by what is sealed together, in the plan's order.
func (d *decider) atoms(class stage.Class) [][]*Step {
	var atoms [][]*Step
	position := map[string]int{}
	for i := range d.plan.Steps {
		step := &d.plan.Steps[i]
		if step.Class != class {
			continue
		}
		at, ok := position[step.Atom]
		if !ok {
			at = len(atoms)
			position[step.Atom] = at
			atoms = append(atoms, nil)
		}
		atoms[at] = append(atoms[at], step)
	}
	return atoms
}

// lookup is what a step's result is made from, and what the store has of it.
type lookup struct {
	key    string
	recipe checkpoint.Recipe // not kept of a hit
	entry  checkpoint.Entry
	ok     bool
	err    error
}

// lookups looks atoms up side by side: most of it is reading and hashing files. The error is a panic.
func (d *decider) lookups(atoms [][]*Step) ([]lookup, error) {
	found := make([]lookup, len(atoms))
	var next atomic.Int64
	var workers crew.Crew
	for range min(len(atoms), 2*runtime.GOMAXPROCS(0)) {
		workers.Go(func() error {
			lines := linesOf{kinds: d.kinds, last: map[string]configLines{}}
			for i := int(next.Add(1)) - 1; i < len(atoms); i = int(next.Add(1)) - 1 {
				recipe, err := lines.recipe(atoms[i])
				if err != nil {
					found[i].err = err
					continue
				}
				found[i] = d.lookup(recipe)
				if found[i].ok && !d.replaced(atoms[i]) {
					found[i].recipe = nil
				}
			}
			return nil
		})
	}
	return found, workers.Wait()
}

func (d *decider) lookup(recipe checkpoint.Recipe) lookup {
	l := lookup{key: recipe.Key(), recipe: recipe}
	if d.store != nil {
		l.entry, l.ok, l.err = d.store.Lookup(l.key)
	}
	return l
}

// linesOf makes the recipes of atoms. Steps of a kind that follow one another often share a configuration.
type linesOf struct {
	kinds map[string]stage.Kind
	last  map[string]configLines // by kind
}

// configLines is a configuration and the lines that it gives.
type configLines struct {
	config []byte
	lines  checkpoint.Recipe
}

func (l linesOf) recipe(members []*Step) (checkpoint.Recipe, error) {
	var recipe checkpoint.Builder
	for _, step := range members {
		lines, err := l.of(step)
		if err != nil {
			return nil, err
		}
		recipe.Append(lines)
	}
	return recipe.Recipe(), nil
}

// of returns the lines that a step of a cell gives to its recipe.
func (l linesOf) of(step *Step) (checkpoint.Recipe, error) {
	kind := step.Address.Kind
	if last, ok := l.last[kind]; ok && bytes.Equal(last.config, step.Config) {
		return last.lines, nil
	}
	var own checkpoint.Builder
	own.Add(kind+".revision", l.kinds[kind].Revision())
	if err := own.AddJSON(kind+".config", step.Config); err != nil {
		return nil, err
	}
	l.last[kind] = configLines{step.Config, own.Recipe()}
	return own.Recipe(), nil
}

// judge says what is to be done about a step whose result is, or is not, what was found.
func (d *decider) judge(step *Step, found lookup) (Action, string, error) {
	var corrupt *checkpoint.CorruptError
	switch {
	case errors.As(found.err, &corrupt):
		d.plan.Warnings = append(d.plan.Warnings, fmt.Sprintf("%s: %v", step.Address, corrupt))
		return Run, "its checkpoint is damaged", nil
	case found.err != nil:
		return "", "", found.err
	case found.ok:
		d.plan.Sealed[step.Atom] = found.entry
		return Reuse, "sealed by run " + found.entry.Run, nil
	case d.store == nil:
		return Run, "not measured yet", nil
	}
	for _, address := range d.names(step.Address) {
		if was, known := d.store.LastRecipe(address); known {
			if change := checkpoint.Difference(was, found.recipe); change != "" {
				return Run, change, nil
			}
		}
	}
	return Run, "not measured yet", nil
}

// names returns the address of a step and those that it had before its benchmark was moved, the latest first.
func (d *decider) names(address addr.Step) []addr.Step {
	names := []addr.Step{address}
	if address.Kind == Load || address.Kind == FetchPower {
		for _, former := range d.former(address.Name) {
			names = append(names, addr.Step{Kind: address.Kind, Name: former, Key: address.Key})
		}
	}
	return names
}

// resources decides about deployments: one is acquired only if a cell on it runs.
func (d *decider) resources() error {
	cells := map[addr.Step]int{}
	for _, step := range d.plan.Steps {
		if step.Address.Kind == Load && step.Action == Run {
			cells[step.Deployment]++
		}
	}
	for i := range d.plan.Steps {
		step := &d.plan.Steps[i]
		if step.Class != stage.Resource && step.Class != stage.Effect {
			continue
		}
		switch n := cells[step.Deployment]; n {
		case 0:
			step.Action, step.Reason = Skip, "every cell on it is sealed"
		case 1:
			step.Action, step.Reason = Run, "1 cell to measure on it"
		default:
			step.Action, step.Reason = Run, plural.Of(n, "cell")+" to measure on it"
		}
	}
	return nil
}

// pures decides about what follows from the cells. Its keys rest on what its inputs hold, so they are known only if all of them are sealed.
func (d *decider) pures() error {
	for i := range d.plan.Steps {
		step := &d.plan.Steps[i]
		if step.Class != stage.Pure {
			continue
		}
		inputs, complete := d.inputs(step)
		if !complete {
			step.Action, step.Reason, step.Replace = Run, "its inputs will change", d.replaced([]*Step{step})
			continue
		}
		recipe, err := PureRecipe(d.kinds[step.Address.Kind], *step, inputs)
		if err != nil {
			return err
		}
		step.Key, step.Recipe = recipe.Key(), recipe
		if step.Action, step.Reason, err = d.judge(step, d.lookup(recipe)); err != nil {
			return err
		}
		if step.Action == Reuse && d.replaced([]*Step{step}) {
			step.Action, step.Reason, step.Replace = Run, againAsked, true
			delete(d.plan.Sealed, step.Atom)
		}
	}
	return nil
}

// inputs returns the digests of a pure step's inputs, or false if one of them is not sealed.
func (d *decider) inputs(step *Step) (digests []string, complete bool) {
	for _, before := range append(append([]addr.Step{}, step.Needs...), step.Uses...) {
		source := d.index[before]
		entry, ok := d.plan.Sealed[source.Atom]
		if source.Action != Reuse || !ok {
			return nil, false
		}
		digests = append(digests, entry.Digest(before.Kind))
	}
	return digests, true
}

// PureRecipe returns the recipe of a pure step: its kind's revision, and parts if it is Composed; its configuration; and for each of its inputs,
// in the order Needs, Uses, the digest of the files, or the failure that stands in their place.
func PureRecipe(kind stage.Kind, step Step, inputs []string) (checkpoint.Recipe, error) {
	var recipe checkpoint.Builder
	name := step.Address.Kind
	recipe.Add(name+".revision", kind.Revision())
	if composed, ok := kind.(stage.Composed); ok {
		for part, says := range composed.Parts() {
			recipe.Add(name+"."+part, says)
		}
	}
	if err := recipe.AddJSON(name+".config", step.Config); err != nil {
		return nil, err
	}
	for i, digest := range inputs {
		recipe.Add(fmt.Sprintf("%s.input[%04d]", name, i), digest)
	}
	return recipe.Recipe(), nil
}
