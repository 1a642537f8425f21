package plan

import (
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// Config is what a plan is made from.
type Config struct {
	Suite     *suite.Suite
	Kinds     map[string]stage.Kind // by name: the seven
	Store     *checkpoint.Store     // nil: nothing is sealed
	Providers Providers             // nil: nothing is known of any provider

	Targets []addr.Selector // cells to restrict the plan to; none: all
	Exclude []addr.Selector // cells to leave out
	Replace []addr.Selector // cells to measure again though they are sealed
	// Fresh replaces everything in the plan: nothing that is sealed is used again.
	Fresh bool
	// MoreTrials is how many trials of each cell are measured beside those that the suite asks for. They are
	// numbered after the suite's own, whose results stay as they are. Any later plan that asks for that many
	// trials uses them again.
	MoreTrials int
}

// Build makes the plan. Its diagnostics are about the suite; an error is about the checkpoint store.
func Build(cfg Config) (*Plan, hcl.Diagnostics, error) {
	draft, diags := NewDraft(cfg)
	if draft == nil {
		return nil, diags, nil
	}
	p, more, err := draft.Decide(cfg.Store)
	return p, append(diags, more...), err
}

// Draft is a plan before anything is looked up in a store: its steps are checked and wired, but have no key
// and no action.
type Draft struct {
	cfg         Config
	plan        Plan
	deployments []*deployment
	means       map[string]means // of texts, by textsKey
}

// NewDraft makes the steps of a suite. There is no draft if a diagnostic is an error. It panics if a kind
// states no timeout.
func NewDraft(cfg Config) (*Draft, hcl.Diagnostics) {
	if cfg.Providers == nil {
		cfg.Providers = noProviders{}
	}
	policies := policiesOf(cfg.Suite, cfg.Kinds)

	named := nameCells(cfg.Suite, cfg.MoreTrials)
	cells, clashes := selectCells(named, cfg.Targets, cfg.Exclude)
	if len(cells) == 0 {
		return nil, hcl.Diagnostics{nothingToMeasure(cfg)}
	}
	texts, empty := measureTexts(cells, cfg.Suite.Seed)
	deployments := groupByDeployment(texts.cells)
	refused := check(deployments, cfg.Suite.Seed, cfg.Providers)
	if diags := inOrder(clashes, empty, refused); diags.HasErrors() {
		return nil, diags
	}
	if diags := unmatchedCells(named, cfg.Targets, cfg.Exclude); diags.HasErrors() {
		return nil, diags
	}
	configured := configure(cfg.Suite, texts.cells, deployments, cfg.Providers)
	twins := findTwins(configured)
	steps := wire(configured, twins, cfg.Kinds)
	if diags := unmatchedSteps(steps, cfg.Replace); diags.HasErrors() {
		return nil, diags
	}

	return &Draft{
		cfg: cfg, deployments: deployments, means: texts.means,
		plan: Plan{
			Schema: Schema, Suite: cfg.Suite.Name, Simulated: simulated(deployments, cfg.Providers),
			Steps: steps, Policies: policies, Quota: quotas(deployments), Prompts: texts.prompts,
			Secrets: secretsOf(deployments), Library: libraryOf(texts.cells),
		},
	}, nil
}

// Decide makes a plan of the draft over a store, which may be nil. It may be called again, when more is
// sealed. Its diagnostics are about the time and the money that the plan takes; an error is about the store.
func (d *Draft) Decide(store *checkpoint.Store) (*Plan, hcl.Diagnostics, error) {
	p := d.plan
	p.Steps, p.Sealed = slices.Clone(p.Steps), map[string]checkpoint.Entry{}
	if err := decide(&p, d.cfg, store); err != nil {
		return nil, nil, err
	}
	acquired := acquiredBy(p.Steps, d.deployments)
	expected := expect(p.Steps, acquired, d.cfg.Providers, meanLengths{d.means, p.Library.Lengths})
	for i := range p.Steps {
		p.Steps[i].Expected = stage.Duration(expected[i])
	}
	busy := busyTimes(p.Steps)
	p.Estimate = estimate(acquired, busy, d.cfg)
	diags := mergeWarnings(slices.Concat(forecast(acquired, d.cfg.Providers), shortTTLs(acquired, busy)))
	return &p, append(diags, overBudget(d.cfg.Suite.Budget, p.Estimate)...), nil
}
