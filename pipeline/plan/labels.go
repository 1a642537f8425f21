package plan

import (
	"strings"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// cellConfigOf is what the aggregate step is told of a cell, whose provider simulates by design or does not.
func cellConfigOf(c *cell, simulated bool) stage.CellConfig {
	cfg := stage.CellConfig{
		Labels: labelsOf(c), Load: c.load, Power: c.power, OSLAtMost: !c.Workload.IgnoreEOS,
		Phases: c.Workload.Phases, SimulatedByDesign: simulated,
	}
	if c.RateRPS > 0 {
		cfg.RampSeconds = c.Workload.Ramp.Seconds()
	}
	for _, o := range c.SLO {
		if cfg.SLO == nil {
			cfg.SLO = map[string]float64{}
		}
		cfg.SLO[o.Metric] = o.Limit
	}
	return cfg
}

// labelsOf describes a cell: every table, report and chart of the run repeats these words.
func labelsOf(c *cell) result.Labels {
	labels := result.Labels{
		Cell: c.load.Name + "/" + c.load.Key, Address: c.load.String(), Benchmark: c.Benchmark,
		Model: c.Model.Name, Repo: c.Model.Repo, Provider: providerName(c.Provider),
		Workload: c.Workload.Name, GPUType: c.GPUType, GPUs: c.GPUs, Users: c.Users, RateRPS: c.RateRPS,
		ISL: c.ISL, OSL: c.OSL, Trial: c.Trial,
		ISLDistribution: distribution(c.Input), OSLDistribution: distribution(c.Output),
		Revision: c.Model.Revision, ProviderType: c.Provider.Type,
	}
	if c.Workload.Dataset != nil && !countsOf(c.Cell).Exact() { // a rule of thumb is no label
		labels.ISL = 0
		if c.Output.Kind == length.Text && !answersKnown(c.Cell) {
			labels.OSL = 0
		}
	}
	switch w := c.Workload; {
	case w.Phases != nil:
		labels.Pattern = w.Phases.String()
	case w.Trace != nil:
		labels.Pattern = w.Trace.String()
	}
	if !c.Workload.Turns.IsZero() {
		labels.Turns = c.Workload.Turns.Describe()
	}
	if !c.Workload.Think.IsZero() {
		labels.ThinkTime = c.Workload.Think.String()
	}
	if e := c.Engine; e != nil {
		labels.Engine, labels.EngineKind, labels.EngineImage = e.Name, e.Kind, e.Image
		labels.EngineArgs = strings.Join(e.Args, " ")
	}
	return labels
}

// distribution says what lengths are drawn from; empty where all are the same.
func distribution(l length.Lengths) string {
	if l.Kind == length.Fixed {
		return ""
	}
	return l.Describe()
}
