package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// deployment is one served model and the cells that are measured on it, at least one.
type deployment struct {
	spec     stage.Deployment // what of it bears on results
	provider *suite.Provider
	engine   *suite.Engine // nil where none is named
	model    *suite.Model
	key      string  // of its address
	cells    []*cell // in the order of the suite
}

func providerName(p *suite.Provider) string { return p.Type + "." + p.Name }

// at is the address of a step of the deployment.
func (d *deployment) at(kind string) addr.Step {
	return addr.Step{Kind: kind, Name: providerName(d.provider), Key: d.key}
}

// groupByDeployment returns the deployments that the cells are measured on, in the order of their first
// cells.
func groupByDeployment(cells []*cell) []*deployment {
	var all []*deployment
	byIdentity := map[string]*deployment{}
	for _, c := range cells {
		engine := ""
		if c.Engine != nil {
			engine = c.Engine.Name
		}
		provider := providerName(c.Provider)
		identity := fmt.Sprintf("%q %q %q %q %d", provider, c.Model.Name, engine, c.GPUType, c.GPUs)
		d, ok := byIdentity[identity]
		if !ok {
			d = &deployment{spec: specOf(c.Cell), provider: c.Provider, engine: c.Engine, model: c.Model}
			byIdentity[identity] = d
			all = append(all, d)
		}
		d.cells = append(d.cells, c)
	}
	nameDeployments(all)
	return all
}

// nameDeployments gives each deployment the key of its address. The engine stands in it only where two
// deployments of a provider differ in nothing else.
func nameDeployments(all []*deployment) {
	keyOf := func(d *deployment, engine ...string) string {
		return strings.Join(slices.Concat([]string{d.model.Name}, engine,
			[]string{strings.ToLower(d.spec.GPUType), fmt.Sprintf("%dgpu", d.spec.GPUs)}), "/")
	}
	taken := map[string]int{}
	for _, d := range all {
		taken[providerName(d.provider)+" "+keyOf(d)]++
	}
	for _, d := range all {
		d.key = keyOf(d)
		if taken[providerName(d.provider)+" "+d.key] > 1 {
			d.key = keyOf(d, engineName(d.engine))
		}
	}
}

// specOf returns what of a cell's deployment bears on its results.
func specOf(c suite.Cell) stage.Deployment {
	spec := stage.Deployment{
		Model:    stage.Model{Repo: c.Model.Repo, Revision: c.Model.Revision},
		Provider: stage.Provider{Type: c.Provider.Type, Revision: c.Provider.Revision, Config: canonical(c.Provider.KeyConfig)},
		GPUType:  c.GPUType, GPUs: c.GPUs,
	}
	if c.Engine == nil {
		return spec
	}
	spec.Engine = stage.Engine{
		Kind: c.Engine.Kind, Image: c.Engine.Image, Command: c.Engine.Command, Args: c.Engine.Args,
	}
	for name, text := range c.Engine.Env {
		if text.Sensitive() {
			continue // secretsOf keeps it
		}
		if spec.Engine.Env == nil {
			spec.Engine.Env = map[string]string{}
		}
		spec.Engine.Env[name] = text.Reveal()
	}
	return spec
}

// planned is the deployment as its provider is asked about it. Secret environment variables show their names
// alone.
func (d *deployment) planned() stage.Planned {
	p := stage.Planned{Deployment: d.spec, Provenance: d.provenance(), Demands: d.demands()}
	p.Engine.Env = maps.Clone(d.spec.Engine.Env)
	if d.engine == nil {
		return p
	}
	for name, text := range d.engine.Env {
		if text.Sensitive() {
			if p.Engine.Env == nil {
				p.Engine.Env = map[string]string{}
			}
			p.Engine.Env[name] = text.String()
		}
	}
	return p
}

// demands returns what the deployment's cells ask of it, in their order and each once.
func (d *deployment) demands() []stage.Demand {
	var all []stage.Demand
	known := map[stage.Demand]bool{}
	for _, c := range d.cells {
		if asked := demand(c.Cell); !known[asked] {
			known[asked] = true
			all = append(all, asked)
		}
	}
	return all
}

// quotas returns the quotas of the deployments' providers, by provider as in addresses.
func quotas(deployments []*deployment) map[string]GPUs {
	all := map[string]GPUs{}
	for _, d := range deployments {
		if len(d.provider.Quota) > 0 {
			all[providerName(d.provider)] = maps.Clone(d.provider.Quota)
		}
	}
	return all
}

// simulated reports whether a deployment measures no hardware, whatever its servers turn out to be.
func simulated(deployments []*deployment, providers Providers) bool {
	return slices.ContainsFunc(deployments, func(d *deployment) bool {
		return providers.SimulatedByDesign(d.provider.Type)
	})
}
