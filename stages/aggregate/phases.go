package aggregate

import (
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/metric"
)

// phasesOf computes what each phase of a load came to.
func (k Kind) phasesOf(sample *metric.Sample) []result.Phase {
	var phases []result.Phase
	for part := range sample.Parts() {
		p := result.Phase{Phase: part.Phase, FromSeconds: part.From.Seconds(), ToSeconds: part.To.Seconds(), Metrics: map[string]float64{}}
		if sample.Cell.RateRPS > 0 {
			p.RateRPS = part.End
		} else {
			p.Users = int(part.End)
		}
		if part.Ramp() {
			p.RampFrom = &part.Begin
		}
		for _, d := range k.phaseMetrics {
			if v, ok := d.Compute(part); ok {
				p.Metrics[d.Name] = result.Round(v)
			}
		}
		phases = append(phases, p)
	}
	return phases
}

func describePhases(metrics []metric.PhaseDef) []result.Metric {
	described := make([]result.Metric, len(metrics))
	for i, d := range metrics {
		described[i] = result.Metric{Name: d.Name, Unit: d.Unit, Better: d.Better, Doc: d.Doc}
	}
	return described
}
