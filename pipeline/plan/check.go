package plan

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// check refuses cells that cannot be measured, as far as that is known before anything is created.
func check(deployments []*deployment, seed int64, providers Providers) []finding {
	longest := newLongest(seed)
	var found []finding
	for _, d := range deployments {
		planned := d.planned()
		found = append(found, checkQuota(d)...)
		found = append(found, checkProvider(d, providers.Check(planned))...)
		found = append(found, checkWarmup(d)...)
		found = append(found, checkContext(d, providers.Context(planned), longest)...)
	}
	return found
}

// checkQuota refuses a deployment that needs more GPUs than its provider may hold at once.
func checkQuota(d *deployment) []finding {
	quota, limited := d.provider.Quota[d.spec.GPUType]
	if !limited || quota >= d.spec.GPUs {
		return nil
	}
	first := d.cells[0]
	return []finding{find(first, first.Range, "Quota too small",
		"A deployment of this benchmark holds %d × %s at once, but provider %s has quota = { %s = %d }. "+
			"Raise the quota or drop the cells with gpus = %d.",
		d.spec.GPUs, d.spec.GPUType, providerName(d.provider), d.spec.GPUType, quota, d.spec.GPUs)}
}

// checkProvider reports what a deployment's provider would refuse, at the block that is wrong.
func checkProvider(d *deployment, problems []stage.Problem) []finding {
	first := d.cells[0]
	var found []finding
	for _, p := range problems {
		found = append(found, find(first, blockOf(first.Cell, p.Where), p.Summary, "%s", p.Detail))
	}
	return found
}

// blockOf returns where a part of a cell's deployment is written.
func blockOf(c suite.Cell, part string) hcl.Range {
	switch {
	case part == stage.InProvider:
		return c.Provider.Range
	case part == stage.InModel:
		return c.Model.Range
	case part == stage.InEngine && c.Engine != nil:
		return c.Engine.Range
	default:
		return c.Range
	}
}

// checkWarmup refuses a deployment of which some cells would meet a cold server and others a warm one.
func checkWarmup(d *deployment) []finding {
	first := d.cells[0]
	var found []finding
	for _, c := range d.cells[1:] {
		if (first.Workload.Warmup == 0) == (c.Workload.Warmup == 0) {
			continue
		}
		cold, warm := c, first
		if c.Workload.Warmup > 0 {
			cold, warm = warm, c
		}
		found = append(found, find(c, cold.Workload.Range, "Warm-up of some cells only",
			"Workload %q has warmup = 0, but workload %q warms up the deployments that both are measured "+
				"on. Give both a warm-up or neither, or measure them by providers of their own.",
			cold.Workload.Name, warm.Workload.Name))
	}
	return found
}
