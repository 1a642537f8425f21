package plan

import (
	"encoding/json"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// wire makes the steps and their edges:
//
//	deploy ─▶ warmup ─▶ load(cell 1) ─▶ fetch-power(cell 1) ─▶ load(cell 2) … ─▶ teardown
//	                          all loads and fetch-powers ─▶ aggregate ─▶ plot
//
// Cells of one deployment follow one another: two loads on one endpoint falsify each other. twins names, for
// each load that is not measured, the load whose result it takes.
func wire(all configured, twins map[addr.Step]addr.Step, kinds map[string]stage.Kind) []Step {
	steps := make([]Step, 0, 2*len(all.cells)+3*len(all.deployments)+2)
	for _, d := range all.deployments {
		steps = append(steps, wireDeployment(d, twins)...)
	}
	aggregate := addr.Step{Kind: Aggregate}
	steps = append(
		steps,
		Step{Address: aggregate, Uses: resultsOf(all.cells), Config: all.aggregate, Atom: Aggregate},
		Step{Address: addr.Step{Kind: Plot}, Needs: []addr.Step{aggregate}, Config: all.plot, Atom: Plot},
	)
	for i := range steps {
		steps[i].Class = kinds[steps[i].Address.Kind].Class()
	}
	return steps
}

func wireDeployment(d configuredDeployment, twins map[addr.Step]addr.Step) []Step {
	deploy, warmup := d.at(Deploy), d.at(Warmup)
	claim := &Claim{Provider: providerName(d.provider), GPUType: d.spec.GPUType, Count: d.spec.GPUs}
	steps := []Step{
		{Address: deploy, Deployment: deploy, Config: d.deploy, GPUs: claim},
		{Address: warmup, Deployment: deploy, Needs: []addr.Step{deploy}, Config: d.warmup},
	}
	all, last := []addr.Step{deploy, warmup}, warmup
	for i, c := range d.cells {
		load := Step{Address: c.load, Deployment: deploy, Config: d.loads[i], Atom: c.load.String()}
		power := Step{Address: c.power, Deployment: deploy, Config: d.power, Atom: c.load.String()}
		if twin, ok := twins[c.load]; ok { // the twin alone is waited for: it may be on another deployment
			after := []addr.Step{{Kind: FetchPower, Name: twin.Name, Key: twin.Key}}
			load.After, load.SameAs = after, twin.String()
			power.After, power.SameAs = after, twin.String()
			steps = append(steps, load, power)
			continue
		}
		load.Needs, power.Needs = []addr.Step{warmup}, []addr.Step{c.load}
		if last != warmup {
			load.After = []addr.Step{last}
		}
		steps = append(steps, load, power)
		all, last = append(all, c.load, c.power), c.power
	}
	teardown := Step{Address: d.at(Teardown), Deployment: deploy, After: all, Config: json.RawMessage(`{}`)}
	return append(steps, teardown)
}

// resultsOf returns the steps whose results the tables are made of.
func resultsOf(cells []*cell) []addr.Step {
	var steps []addr.Step
	for _, c := range cells {
		steps = append(steps, c.load, c.power)
	}
	return steps
}
