package suite

import (
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/suite/block"
	"github.com/strangeloopio/inferencex/schemas/suite/phase"
)

// Pacing is when the requests of a workload are sent, as far as its users or its rate do not say.
type Pacing struct {
	Ramp        time.Duration // over which the users of a closed loop start, or an open loop comes to its rate
	Grace       time.Duration // after a duration: what answers in flight may still take before they are cut off
	Arrival     string        // "poisson", "constant" or "gamma", of an open loop
	Burstiness  float64       // the shape of gamma arrivals: 1 is poisson, below is burstier
	MaxInFlight int           // requests of an open loop in flight, beyond which one that is due is dropped
	Phases      phase.Phases  // in place of users or a rate; nil: none
}

// pacingArgs are the arguments of a workload that Pacing holds.
func pacingArgs() []Arg {
	return []Arg{
		{Name: "ramp", Type: cty.String, Format: block.Duration, Default: cty.StringVal("0s"), Doc: "How long the users take to start, evenly spread; at a rate, how long it takes to rise to it from 0."},
		{Name: "grace", Type: cty.String, Format: block.Duration, Default: cty.StringVal("30s"), Doc: "With duration: how long answers that are under way at its end may still take. Then they are cut off and count as unfinished: neither answers nor errors. Give more than the longest answer takes."},
		{Name: "arrival", Type: cty.String, OneOf: []string{"poisson", "constant", "gamma"}, Default: cty.StringVal("poisson"), Doc: "How requests are spaced at a rate: at random, as those of users who do not know of each other are; evenly; or in bursts."},
		{Name: "burstiness", Type: cty.Number, Bounds: block.AboveZero(), Default: cty.NumberIntVal(1), Doc: "The shape of gamma arrivals: 1 is poisson, below is burstier, above is more even. The coefficient of variation of the gaps is 1/√burstiness."},
		{Name: "max_in_flight", Type: cty.Number, Bounds: block.WholeFrom(1), Default: cty.NumberIntVal(10000), Doc: "At a rate: a request that is due while so many are in flight is not sent but dropped, and counts as failed. It never waits in silence."},
		{Name: "phases", Type: cty.DynamicPseudoType, Check: phase.Check, Schema: phase.Schema, Word: "list of phase", Doc: phase.Doc},
	}
}

// decodePacing reads the arguments and holds them against each other. The workload has its requests and its duration.
func (l *loader) decodePacing(w *Workload, c *block.Content) {
	v := c.Value
	w.Ramp, w.Grace = block.Time(v, "ramp"), block.Time(v, "grace")
	w.Arrival, w.Burstiness = block.String(v, "arrival"), block.Float(v, "burstiness")
	w.MaxInFlight = block.Int(v, "max_in_flight")
	wrong := func(argument, summary, format string, args ...any) {
		l.broken[w] = true
		l.fail(c.ArgRange(argument), summary, format, args...)
	}
	if _, given := c.Attrs["burstiness"]; given && w.Arrival != "gamma" {
		wrong("burstiness", "Burstiness without gamma", "Workload %q sets burstiness, which only gamma arrivals have, but its arrivals are %s. Set arrival = \"gamma\" too, or take burstiness out.", w.Name, w.Arrival)
	}
	if w.Duration > 0 && w.Ramp >= w.Duration {
		wrong("ramp", "Ramp beyond the end", "Workload %q has a ramp of %v, but is over after %v. Shorten the ramp, or give a longer duration.", w.Name, w.Ramp, w.Duration)
	}
	if w.Phases = phasesOf(v); w.Phases == nil {
		return
	}
	for _, other := range []struct {
		name  string
		given bool
	}{{"requests", w.Requests > 0}, {"duration", w.Duration > 0}, {"ramp", w.Ramp > 0}} {
		if other.given {
			wrong(other.name, "Argument beside phases", "Workload %q has phases, which say for themselves how much is sent and for how long. Take %s out.", w.Name, other.name)
		}
	}
	w.Duration = w.Phases.Duration()
}

// phasesOf are the argument phases, nil where there are none.
func phasesOf(v cty.Value) phase.Phases {
	if !block.Has(v, "phases") {
		return nil
	}
	plain, _ := v.GetAttr("phases").UnmarkDeep()
	phases, err := phase.Decode(plain)
	if err != nil {
		return nil // an unknown value, whose error has been reported
	}
	return phases
}
