package plan

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite"
	"github.com/strangeloopio/inferencex/schemas/workload"
)

// Config is what a plan is made from.
type Config struct {
	Suite   *suite.Suite
	Kinds   map[string]stage.Kind    // by name: the seven
	Store   *checkpoint.Store        // nil: nothing is sealed
	Billing map[string]stage.Billing // by provider type
	// Check says what is wrong with a deployment that only its provider can know. nil: nothing.
	Check func(providerType string, d stage.Deployment, provenance json.RawMessage) []stage.Problem
	// Context is how many tokens a request to a deployment may have, input and output together; 0 where only the server knows. nil: nobody can tell.
	Context func(providerType string, d stage.Deployment, provenance json.RawMessage) int

	// Forecast says what will be otherwise than the suite says of a deployment, on this machine and under these loads. nil: nothing.
	Forecast func(providerType string, d stage.Deployment, provenance json.RawMessage, demands []stage.Demand) []stage.Problem

	Targets []addr.Selector // cells to restrict the plan to; none: all
	Exclude []addr.Selector // cells to leave out
	Replace []addr.Selector // cells to measure again though they are sealed
	// Fresh replaces everything in the plan: nothing that is sealed is used again.
	Fresh bool
	// MoreTrials are measured of each cell beside those that the suite asks for, and numbered after them: what they seal is found again by whoever
	// asks for as many, and the suite's own results stay what they are for everybody else.
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

// Draft is a plan before it is known what is sealed: its steps are there, checked and wired, but not what is to be done about them.
type Draft struct{ b *builder }

// NewDraft makes the steps of a suite. There is no draft if a diagnostic is an error.
func NewDraft(cfg Config) (*Draft, hcl.Diagnostics) {
	b := &builder{
		Config: cfg, longests: map[string]int{}, texts: map[string]*texts{}, longTexts: map[string]longText{}, optionsOf: map[string]json.RawMessage{},
		plan: &Plan{
			Schema: Schema, Suite: cfg.Suite.Name,
			Policies: map[string]Policy{}, Quota: map[string]GPUs{},
			Secrets: map[string]*Secret{}, Library: workload.NewLibrary(),
		},
	}
	b.policies()
	b.idle = idle{targets: slices.Clone(cfg.Targets), exclude: slices.Clone(cfg.Exclude)}
	if b.group(); b.diags.HasErrors() {
		return nil, b.diags
	}
	b.wire()
	if b.checkReplace(); b.diags.HasErrors() {
		return nil, b.diags
	}
	return &Draft{b}, b.diags
}

// Decide makes a plan of the draft over a store, which may be nil. It may be called again, over what is sealed by then. Its diagnostics are about
// what the plan comes to; an error is about the store.
func (d *Draft) Decide(store *checkpoint.Store) (*Plan, hcl.Diagnostics, error) {
	b, p := *d.b, *d.b.plan
	p.Steps, p.Sealed = slices.Clone(p.Steps), map[string]checkpoint.Entry{}
	b.plan, b.diags, b.warnings, b.Store = &p, nil, nil, store
	if err := b.decide(); err != nil {
		return nil, b.diags, err
	}
	b.forecast()
	b.plan.Estimate = b.estimate()
	b.diags = append(b.diags, b.warnings.diagnostics()...)
	b.checkBudget()
	return b.plan, b.diags, nil
}

type builder struct {
	Config
	plan        *Plan
	diags       hcl.Diagnostics
	warnings    warnings // of deployments, as far as they are told
	deployments []*deployment
	cells       []*cell // in the order of the suite: that of tables and charts
	idle        idle
	longests    map[string]int
	texts       map[string]*texts
	longTexts   map[string]longText
	optionsOf   map[string]json.RawMessage // the keyed arguments of stages, by kind: each cell holds them
}

// deployment is one served model and the cells that are measured on it.
type deployment struct {
	spec     stage.Deployment
	provider *suite.Provider
	engine   *suite.Engine
	model    *suite.Model
	key      string // of its address
	context  int    // tokens of a request; 0: unknown
	cells    []*cell
}

type cell struct {
	suite.Cell
	load, power addr.Step
	config      json.RawMessage // of the load
	twin        addr.Step       // the load of an earlier cell with the same recipe; zero if there is none
}

func providerName(p *suite.Provider) string { return p.Type + "." + p.Name }

func (b *builder) policies() {
	for kind := range b.Kinds {
		policy := defaultPolicy(kind)
		if said, ok := b.Suite.Stages[kind]; ok {
			policy = policyOf(policy, said)
		}
		b.plan.Policies[kind] = policy
	}
}

// policyOf returns what a suite says of a stage, over what holds where it says nothing.
func policyOf(policy Policy, said suite.StagePolicy) Policy {
	if said.Timeout > 0 {
		policy.Timeout = stage.Duration(said.Timeout)
	}
	if said.Attempts > 0 {
		policy.Attempts = said.Attempts
	}
	if said.Backoff > 0 {
		policy.Backoff = stage.Duration(said.Backoff)
	}
	for _, class := range said.RetryOn {
		policy.RetryOn = append(policy.RetryOn, stage.ErrorClass(class))
	}
	policy.Stop = said.OnFailure == suite.Stop
	if said.Config.Type().HasAttribute(queueTimeout) {
		policy.Queue = stage.Duration(block.Time(said.Config, queueTimeout))
	}
	return policy
}

// queueTimeout is the argument of a stage whose steps may wait for room.
const queueTimeout = "queue_timeout"

// withTrials returns cells with the trials that were asked for beside the suite's, each behind the last one of its own.
func (b *builder) withTrials(cells []suite.Cell) []suite.Cell {
	if b.MoreTrials <= 0 {
		return cells
	}
	var all []suite.Cell
	for _, c := range cells {
		last := c.Trial == c.Trials
		c.Trials += b.MoreTrials
		for all = append(all, c); last && c.Trial < c.Trials; {
			c.Trial++
			all = append(all, c)
		}
	}
	return all
}

// group sorts the cells to their deployments, both in the order of the suite.
func (b *builder) group() {
	byIdentity, byRecipe, named := map[string]*deployment{}, map[[sha256.Size]byte]addr.Step{}, map[addr.Step]bool{}
	for _, bench := range b.Suite.Benchmarks {
		name := cellNamer(bench)
		for _, c := range b.withTrials(bench.Cells) {
			key := name(c)
			member := &cell{
				Cell:  c,
				load:  addr.Step{Kind: Load, Name: bench.Name, Key: key},
				power: addr.Step{Kind: FetchPower, Name: bench.Name, Key: key},
			}
			b.idle.see(member)
			if !b.targeted(member) {
				continue
			}
			if named[member.load] {
				if c.Trial == 1 {
					b.fail(c, "Two cells of one name", fmt.Sprintf("Two cells would be called %s: their models, engines or GPU types differ in upper and lower case alone. Write each in one way.", member.load))
				}
				continue
			}
			named[member.load] = true
			b.withTexts(&c)
			member.Cell = c
			b.plan.Library.Lengths.Add(c.Input)
			b.plan.Library.Lengths.Add(c.Output)
			b.plan.Library.Lengths.Add(c.Workload.Turns)
			b.plan.Library.Traces.Add(c.Workload.Trace)
			b.plan.Library.Texts.Add(c.Workload.Dataset)
			if key := c.Model.Tokenizer.Key(); key != "" {
				b.plan.Library.AddTokenizer(key, c.Model.Tokenizer.Tokenizer)
			}
			d := b.deploymentOf(c, byIdentity)
			b.checkWarmup(c, d)
			b.checkContext(c, d)
			member.config = b.loadConfig(d, member)
			recipe := sha256.Sum256(member.config)
			if twin, ok := byRecipe[recipe]; ok {
				member.twin = twin
			} else {
				byRecipe[recipe] = member.load
			}
			d.cells = append(d.cells, member)
			b.cells = append(b.cells, member)
		}
	}
	if len(b.deployments) == 0 && !b.diags.HasErrors() {
		b.noCells()
	}
	b.checkIdle()
	b.nameDeployments()
}

func (b *builder) deploymentOf(c suite.Cell, byIdentity map[string]*deployment) *deployment {
	engine := ""
	if c.Engine != nil {
		engine = c.Engine.Name
	}
	identity := fmt.Sprintf("%q %q %q %q %d", providerName(c.Provider), c.Model.Name, engine, c.GPUType, c.GPUs)
	if d, ok := byIdentity[identity]; ok {
		return d
	}
	d := &deployment{spec: b.specOf(c), provider: c.Provider, engine: c.Engine, model: c.Model}
	byIdentity[identity] = d
	b.deployments = append(b.deployments, d)
	b.checkQuota(c)
	b.checkProvider(c, d)
	if b.Context != nil {
		d.context = b.Context(c.Provider.Type, withSecrets(d), unkeyed(c.Provider.Config, c.Provider.KeyConfig))
	}
	return d
}

// specOf returns what of a cell's deployment bears on its results.
func (b *builder) specOf(c suite.Cell) stage.Deployment {
	spec := stage.Deployment{
		Model:    stage.Model{Repo: c.Model.Repo, Revision: c.Model.Revision},
		Provider: stage.Provider{Type: c.Provider.Type, Config: canonical(c.Provider.KeyConfig)},
		GPUType:  c.GPUType, GPUs: c.GPUs,
	}
	if c.Engine == nil {
		return spec
	}
	spec.Engine = stage.Engine{Kind: c.Engine.Kind, Image: c.Engine.Image, Command: c.Engine.Command, Args: c.Engine.Args}
	for name, text := range c.Engine.Env {
		if text.Sensitive() {
			b.plan.Secrets[secretName(c.Engine, name)] = NewSecret(text.Reveal())
			continue
		}
		if spec.Engine.Env == nil {
			spec.Engine.Env = map[string]string{}
		}
		spec.Engine.Env[name] = text.Reveal()
	}
	return spec
}

func secretName(e *suite.Engine, variable string) string {
	return fmt.Sprintf("engine.%s.env.%s", e.Name, variable)
}

// canonicalJSON marshals plain data; what cannot be marshalled is a bug.
func canonicalJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err))
	}
	return text
}

// decide settles what is to be done: cells first, then what the cells that run need, then what follows from them.
func (b *builder) decide() error {
	d := decider{store: b.Store, plan: b.plan, kinds: b.Kinds, replace: b.Replace, fresh: b.Fresh, index: map[addr.Step]*Step{}}
	d.former = func(benchmark string) []string { return b.Suite.FormerNames("benchmark", benchmark) }
	for i := range b.plan.Steps {
		d.index[b.plan.Steps[i].Address] = &b.plan.Steps[i]
	}
	return errors.Join(d.measures(), d.resources(), d.pures())
}
