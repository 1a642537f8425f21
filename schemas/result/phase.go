package result

import "strconv"

// Phase is a stretch of a load that goes through phases: a ramp, or what is held until the next one.
type Phase struct {
	Phase       int      `json:"phase"`     // from 1; a ramp and what comes after it are of one phase
	FromSeconds float64  `json:"from_s"`    // since the load began
	ToSeconds   float64  `json:"to_s"`      // likewise
	Users       int      `json:"users"`     // closed loop, at its end; 0 in an open one
	RateRPS     float64  `json:"rate_rps"`  // open loop, at its end; 0 in a closed one
	RampFrom    *float64 `json:"ramp_from"` // users or rate at the beginning of a ramp; nil where they are held
	// Metrics are the numbers by name, in the units of Results.PhaseMetrics; a missing one is absent.
	Metrics map[string]float64 `json:"-"`
}

// Value returns a metric, or false where it is missing.
func (p Phase) Value(metric string) (float64, bool) {
	v, ok := p.Metrics[metric]
	return v, ok
}

// Label says what the load was, an open one or not: "8 users", "5/s", or of a ramp "5 → 20/s".
func (p Phase) Label(open bool) string {
	text := strconv.Itoa(p.Users) + " users"
	if open {
		text = strconv.FormatFloat(p.RateRPS, 'g', -1, 64) + "/s"
	}
	if p.RampFrom != nil {
		text = strconv.FormatFloat(*p.RampFrom, 'g', -1, 64) + " → " + text
	}
	return text
}

// PhasePoint is a phase over all trials of its cell.
type PhasePoint struct {
	Phase
	Stats map[string]Stat // of the metrics over the trials that have them, by name
}

// Stat returns a metric over the trials, or false where none has it.
func (p PhasePoint) Stat(metric string) (Stat, bool) {
	s, ok := p.Stats[metric]
	return s, ok
}

// Phases are those of the point's load, which all of its trials went through; none where there are none.
func (p Point) Phases() []PhasePoint {
	var phases []PhasePoint
	for _, c := range p.Trials {
		for i, phase := range c.Phases {
			if i == len(phases) {
				phases = append(phases, PhasePoint{phase, map[string]Stat{}})
			}
			addTo(phases[i].Stats, phase.Metrics)
		}
	}
	return phases
}

// PhaseColumns returns the keys of every phase's object in their order.
func PhaseColumns(metrics []Metric) []Column[Phase] {
	columns := []Column[Phase]{
		integer("phase", "", "phase of the workload, from 1; a ramp and what comes after it are of one", func(p Phase) int { return p.Phase }),
		seconds("from_s", "when the stretch begins, since the load began", func(p Phase) float64 { return p.FromSeconds }),
		seconds("to_s", "when it ends", func(p Phase) float64 { return p.ToSeconds }),
		integer("users", "", "requests kept in flight, of a ramp at its end; 0 in an open loop", func(p Phase) int { return p.Users }),
		{Name: "rate_rps", Unit: "1/s", Doc: "scheduled rate, of a ramp at its end; 0 in a closed loop", Zero: 0.0, Value: func(p Phase) any { return p.RateRPS }},
		maybe("ramp_from", "", "users or rate at the beginning of a ramp, from which they change evenly; null where they are held", func(p Phase) *float64 { return p.RampFrom }),
	}
	for _, m := range metrics {
		columns = append(columns, metricColumn(m, Phase.Value))
	}
	return columns
}

func seconds(name, doc string, of func(Phase) float64) Column[Phase] {
	return Column[Phase]{Name: name, Unit: "s", Doc: doc, Zero: 0.0, Value: func(p Phase) any { return of(p) }}
}
