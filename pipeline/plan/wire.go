package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// wire makes the steps and their edges:
//
//	deploy ─▶ warmup ─▶ load(cell 1) ─▶ fetch-power(cell 1) ─▶ load(cell 2) … ─▶ teardown
//	                          all loads and fetch-powers ─▶ aggregate ─▶ plot
//
// Cells of one deployment follow one another: two loads on one endpoint falsify each other.
func (b *builder) wire() {
	for _, d := range b.deployments {
		b.wireDeployment(d)
		b.plan.Simulated = b.plan.Simulated || d.provider.Type == simulator
	}
	aggregate := addr.Step{Kind: Aggregate}
	b.add(Step{Address: aggregate, Uses: b.measured(), Config: b.aggregateConfig(), Atom: Aggregate})
	b.add(Step{Address: addr.Step{Kind: Plot}, Needs: []addr.Step{aggregate}, Config: b.plotConfig(), Atom: Plot})
}

func (b *builder) add(s Step) {
	s.Class = b.Kinds[s.Address.Kind].Class()
	b.plan.Steps = append(b.plan.Steps, s)
}

func (b *builder) wireDeployment(d *deployment) {
	at := func(kind string) addr.Step { return addr.Step{Kind: kind, Name: providerName(d.provider), Key: d.key} }
	deploy, warmup := at(Deploy), at(Warmup)
	b.add(Step{
		Address: deploy, Deployment: deploy, Config: b.deployConfig(d),
		GPUs: &Claim{Provider: providerName(d.provider), GPUType: d.spec.GPUType, Count: d.spec.GPUs},
	})
	b.add(Step{Address: warmup, Deployment: deploy, Needs: []addr.Step{deploy}, Config: b.warmupConfig(d)})
	all := []addr.Step{deploy, warmup}
	last, power := warmup, b.powerConfig(d)
	for _, c := range d.cells {
		if !c.twin.IsZero() {
			b.wireTwin(c, deploy, power)
			continue
		}
		load := Step{
			Address: c.load, Deployment: deploy, Needs: []addr.Step{warmup},
			Config: c.config, Atom: c.load.String(),
		}
		if last != warmup {
			load.After = []addr.Step{last}
		}
		b.add(load)
		b.add(Step{
			Address: c.power, Deployment: deploy, Needs: []addr.Step{c.load},
			Config: power, Atom: c.load.String(),
		})
		all = append(all, c.load, c.power)
		last = c.power
	}
	b.add(Step{Address: at(Teardown), Deployment: deploy, After: all, Config: json.RawMessage(`{}`)})
}

// wireTwin makes the steps of a cell that another one measures. They wait for that one alone: it may be on another deployment.
func (b *builder) wireTwin(c *cell, deploy addr.Step, power json.RawMessage) {
	after := []addr.Step{{Kind: FetchPower, Name: c.twin.Name, Key: c.twin.Key}}
	b.add(Step{Address: c.load, Deployment: deploy, After: after, Config: c.config, Atom: c.load.String(), SameAs: c.twin.String()})
	b.add(Step{Address: c.power, Deployment: deploy, After: after, Config: power, Atom: c.load.String(), SameAs: c.twin.String()})
}

// measured returns the steps whose results the tables are made of.
func (b *builder) measured() []addr.Step {
	var steps []addr.Step
	for _, c := range b.cells {
		steps = append(steps, c.load, c.power)
	}
	return steps
}

func (b *builder) deployConfig(d *deployment) json.RawMessage {
	cfg := stage.DeployConfig{
		Deployment:     d.spec,
		ProviderName:   providerName(d.provider),
		Provenance:     unkeyed(d.provider.Config, d.provider.KeyConfig),
		Demands:        d.demands(),
		TTL:            stage.Duration(d.provider.TTL),
		StartupTimeout: stage.Duration(d.provider.StartupTimeout),
	}
	if d.engine != nil {
		for variable, text := range d.engine.Env {
			if text.Sensitive() {
				if cfg.SecretEnv == nil {
					cfg.SecretEnv = map[string]string{}
				}
				cfg.SecretEnv[variable] = secretName(d.engine, variable)
			}
		}
	}
	return canonicalJSON(cfg)
}

// warmupConfig warms a deployment with the longest requests of its cells, by their mean, for the most users that any of them has.
func (b *builder) warmupConfig(d *deployment) json.RawMessage {
	largest := d.cells[0]
	users, requests, settle := 0, 0, false
	for _, c := range d.cells {
		if by := cmp.Compare(asks(c.Cell).longest(), asks(largest.Cell).longest()); by > 0 || by == 0 && c.Users > largest.Users {
			largest = c
		}
		users, requests = max(users, c.Users), max(requests, c.Workload.Warmup)
		settle = settle || c.Workload.Settle
	}
	if requests > 0 {
		requests = max(requests, users)
	}
	return canonicalJSON(stage.WarmupConfig{
		Deployment: d.spec, Workload: workloadOf(largest.Cell), Users: users, Requests: requests, Settle: settle,
		Seed: b.Suite.Seed, Options: b.options(Warmup), Unkeyed: b.loadUnkeyed(largest.Workload),
	})
}

func (b *builder) loadConfig(d *deployment, c *cell) json.RawMessage {
	return canonicalJSON(stage.LoadConfig{
		Deployment: d.spec, Workload: workloadOf(c.Cell), Users: c.Users, RateRPS: c.RateRPS, Trial: c.Trial, Cold: c.Workload.Warmup == 0,
		Seed: b.Suite.Seed, Salt: b.Suite.Salt, Options: b.options(Load),
		Unkeyed: b.loadUnkeyed(c.Workload),
	})
}

func workloadOf(c suite.Cell) stage.Workload {
	w := c.Workload
	asked := stage.Workload{
		API: w.Endpoint, ISL: c.Input, OSL: c.Output, Requests: w.Requests, Duration: stage.Duration(w.Duration),
		SharedPrefix: w.SharedPrefixTokens, Ramp: stage.Duration(w.Ramp), IgnoreEOS: w.IgnoreEOS, Temperature: w.Temperature,
		ExtraBody: w.ExtraBody, Tokenizer: c.Model.Tokenizer.Key(),
	}
	for header, text := range w.Headers {
		if text.Sensitive() {
			continue // loadUnkeyed has its name
		}
		if asked.Headers == nil {
			asked.Headers = map[string]string{}
		}
		asked.Headers[header] = text.Reveal()
	}
	asked.Phases, asked.Trace, asked.Dataset = w.Phases, w.Trace, w.Dataset
	asked.Turns, asked.ThinkTime = w.Turns, w.Think
	// Elsewhere these bear on nothing, and are in no key.
	if w.Duration > 0 {
		asked.Grace = stage.Duration(w.Grace)
	}
	if c.RateRPS > 0 {
		asked.MaxInFlight = w.MaxInFlight
	}
	if c.RateRPS > 0 && w.Trace == nil {
		asked.Arrival = w.Arrival
		if w.Arrival == "gamma" {
			asked.Burstiness = w.Burstiness
		}
	}
	return asked
}

// loadUnkeyed is what of a workload does not bear on results. The values of secret headers are kept apart from the plan's steps.
func (b *builder) loadUnkeyed(w suite.Workload) stage.LoadUnkeyed {
	unkeyed := stage.LoadUnkeyed{RequestTimeout: stage.Duration(w.Timeout)}
	for header, text := range w.Headers {
		if !text.Sensitive() {
			continue
		}
		if unkeyed.SecretHeaders == nil {
			unkeyed.SecretHeaders = map[string]string{}
		}
		name := fmt.Sprintf("workload.%s.headers.%s", w.Name, header)
		unkeyed.SecretHeaders[header] = name
		b.plan.Secrets[name] = NewSecret(text.Reveal())
	}
	return unkeyed
}

func (b *builder) powerConfig(d *deployment) json.RawMessage {
	unkeyed := stage.PowerUnkeyed{Options: unkeyed(b.Suite.Stages[FetchPower].Config, b.Suite.Stages[FetchPower].KeyConfig)}
	return canonicalJSON(stage.PowerConfig{GPUs: d.spec.GPUs, Options: b.options(FetchPower), Unkeyed: unkeyed})
}

func (b *builder) aggregateConfig() json.RawMessage {
	cfg := stage.AggregateConfig{Suite: b.Suite.Name, Description: b.Suite.Description, Seed: b.Suite.Seed, GPUs: map[string]stage.GPU{}}
	for _, c := range b.cells {
		cfg.Cells = append(cfg.Cells, cellConfigOf(c))
		if gpu, ok := b.Suite.GPUs[c.GPUType]; ok {
			cfg.GPUs[gpu.Name] = stage.GPU{PricePerHourUSD: gpu.PricePerHourUSD, PriceAsOf: gpu.PriceAsOf, TDPWatts: gpu.TDPWatts}
		}
	}
	return canonicalJSON(cfg)
}

// simulator is the type of provider whose deployments measure no hardware.
const simulator = "simulator"

func (b *builder) plotConfig() json.RawMessage {
	return canonicalJSON(stage.PlotConfig{Suite: b.Suite.Name, Charts: b.Suite.Report.Charts})
}

// options returns the keyed arguments of the suite's block for a stage.
func (b *builder) options(kind string) json.RawMessage {
	text, known := b.optionsOf[kind]
	if policy, ok := b.Suite.Stages[kind]; ok && !known && policy.KeyConfig != cty.NilVal && policy.KeyConfig.LengthInt() > 0 {
		text = canonical(policy.KeyConfig)
	}
	b.optionsOf[kind] = text
	return text
}

// canonical returns the one JSON text of a value. The language has decoded it, so that it is whole.
func canonical(v cty.Value) json.RawMessage {
	if v == cty.NilVal {
		return nil
	}
	text, err := block.CanonicalJSON(v)
	if err != nil {
		panic(fmt.Sprintf("plan: %v", err))
	}
	return text
}

// unkeyed returns the arguments of a block that are not part of keys.
func unkeyed(config, keyConfig cty.Value) json.RawMessage {
	var all, keyed map[string]json.RawMessage
	if json.Unmarshal(canonical(config), &all) != nil || json.Unmarshal(canonical(keyConfig), &keyed) != nil {
		return nil
	}
	maps.DeleteFunc(all, func(name string, value json.RawMessage) bool {
		_, ok := keyed[name]
		return ok || string(value) == "null"
	})
	if len(all) == 0 {
		return nil
	}
	return canonicalJSON(all)
}
