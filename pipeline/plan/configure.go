package plan

import (
	"cmp"
	"encoding/json"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// configured are the cells and their deployments with the configuration of each step, as canonical JSON.
type configured struct {
	cells           []*cell // in the order of the suite
	deployments     []configuredDeployment
	aggregate, plot json.RawMessage
}

type configuredDeployment struct {
	*deployment
	deploy, warmup, power json.RawMessage
	loads                 []json.RawMessage // one for each of its cells
}

// configure writes the configuration of every step.
func configure(s *suite.Suite, cells []*cell, deployments []*deployment, providers Providers) configured {
	all := configured{
		cells:     cells,
		aggregate: aggregateConfig(s, cells, providers),
		plot:      canonicalJSON(stage.PlotConfig{Suite: s.Name, Charts: s.Report.Charts}),
	}
	warmup, load, power := options(s, Warmup), options(s, Load), options(s, FetchPower)
	for _, d := range deployments {
		one := configuredDeployment{
			deployment: d,
			deploy:     deployConfig(d),
			warmup:     warmupConfig(d, s.Seed, warmup),
			power:      powerConfig(d, s, power),
		}
		for _, c := range d.cells {
			one.loads = append(one.loads, loadConfig(d, c, s, load))
		}
		all.deployments = append(all.deployments, one)
	}
	return all
}

// options returns the keyed arguments of the suite's block for a stage.
func options(s *suite.Suite, kind string) json.RawMessage {
	if block, ok := s.Stages[kind]; ok && block.KeyConfig != cty.NilVal && block.KeyConfig.LengthInt() > 0 {
		return canonical(block.KeyConfig)
	}
	return nil
}

func deployConfig(d *deployment) json.RawMessage {
	cfg := stage.DeployConfig{
		Deployment:     d.spec,
		ProviderName:   providerName(d.provider),
		Provenance:     d.provenance(),
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
				cfg.SecretEnv[variable] = envSecret(d.engine, variable)
			}
		}
	}
	return canonicalJSON(cfg)
}

// provenance is the arguments of the deployment's provider that do not bear on results.
func (d *deployment) provenance() json.RawMessage {
	return unkeyed(d.provider.Config, d.provider.KeyConfig)
}

// warmupConfig warms a deployment with the longest requests of its cells, by their mean, for the most users
// that any of them has.
func warmupConfig(d *deployment, seed int64, options json.RawMessage) json.RawMessage {
	longest := d.cells[0]
	users, requests, settle := 0, 0, false
	for _, c := range d.cells {
		by := cmp.Compare(asks(c.Cell).longest(), asks(longest.Cell).longest())
		if by > 0 || by == 0 && c.Users > longest.Users {
			longest = c
		}
		users, requests = max(users, c.Users), max(requests, c.Workload.Warmup)
		settle = settle || c.Workload.Settle
	}
	if requests > 0 {
		requests = max(requests, users)
	}
	return canonicalJSON(stage.WarmupConfig{
		Deployment: d.spec, Workload: workloadOf(longest.Cell), Unkeyed: loadUnkeyed(longest.Workload),
		Users: users, Requests: requests, Settle: settle, Seed: seed, Options: options,
	})
}

func loadConfig(d *deployment, c *cell, s *suite.Suite, options json.RawMessage) json.RawMessage {
	return canonicalJSON(stage.LoadConfig{
		Deployment: d.spec, Workload: workloadOf(c.Cell), Unkeyed: loadUnkeyed(c.Workload),
		Users: c.Users, RateRPS: c.RateRPS, Trial: c.Trial, Cold: c.Workload.Warmup == 0,
		Seed: s.Seed, Salt: s.Salt, Options: options,
	})
}

// workloadOf is what of a cell bears on the requests that are sent.
func workloadOf(c suite.Cell) stage.Workload {
	w := c.Workload
	asked := stage.Workload{
		API: w.Endpoint, ISL: c.Input, OSL: c.Output, SharedPrefix: w.SharedPrefixTokens,
		Requests: w.Requests, Duration: stage.Duration(w.Duration), Ramp: stage.Duration(w.Ramp),
		IgnoreEOS: w.IgnoreEOS, Temperature: w.Temperature, ExtraBody: w.ExtraBody,
		Tokenizer: c.Model.Tokenizer.Key(),
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
	// In other load models these have no effect, so they stay out of the key.
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

// loadUnkeyed is what of a workload does not bear on results. Secret headers stand in it by the names of
// their values.
func loadUnkeyed(w suite.Workload) stage.LoadUnkeyed {
	unkeyed := stage.LoadUnkeyed{RequestTimeout: stage.Duration(w.Timeout)}
	for header, text := range w.Headers {
		if text.Sensitive() {
			if unkeyed.SecretHeaders == nil {
				unkeyed.SecretHeaders = map[string]string{}
			}
			unkeyed.SecretHeaders[header] = headerSecret(w, header)
		}
	}
	return unkeyed
}

func powerConfig(d *deployment, s *suite.Suite, options json.RawMessage) json.RawMessage {
	block := s.Stages[FetchPower]
	return canonicalJSON(stage.PowerConfig{
		GPUs: d.spec.GPUs, Options: options,
		Unkeyed: stage.PowerUnkeyed{Options: unkeyed(block.Config, block.KeyConfig)},
	})
}

func aggregateConfig(s *suite.Suite, cells []*cell, providers Providers) json.RawMessage {
	cfg := stage.AggregateConfig{
		Suite: s.Name, Description: s.Description, Seed: s.Seed, GPUs: map[string]stage.GPU{},
	}
	for _, c := range cells {
		cfg.Cells = append(cfg.Cells, cellConfigOf(c, providers.SimulatedByDesign(c.Provider.Type)))
		if gpu, ok := s.GPUs[c.GPUType]; ok {
			cfg.GPUs[gpu.Name] = stage.GPU{
				PricePerHourUSD: gpu.PricePerHourUSD, PriceAsOf: gpu.PriceAsOf, TDPWatts: gpu.TDPWatts,
			}
		}
	}
	return canonicalJSON(cfg)
}
