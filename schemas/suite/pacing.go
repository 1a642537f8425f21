package suite

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
	"github.com/strangeloopio/inferencex/schemas/workload/trace"
)

// Pacing is when the requests of a workload are sent, as far as its users or its rate do not say.
type Pacing struct {
	Ramp        time.Duration // over which the users of a closed loop start, or an open loop comes to its rate
	Grace       time.Duration // after a duration: what answers in flight may still take before they are cut off
	Arrival     string        // "poisson", "constant" or "gamma", of an open loop
	Burstiness  float64       // the shape of gamma arrivals: 1 is poisson, below is burstier
	MaxInFlight int           // requests of an open loop in flight, beyond which one that is due is dropped
	Phases      phase.Phases  // in place of users or a rate; nil: none
	Trace       *trace.Trace  // in place of users or a rate, and of the lengths; nil: none
}

// pacingArgs are the arguments of a workload that Pacing holds.
func pacingArgs() []block.Arg {
	return []block.Arg{
		{Name: "ramp", Type: cty.String, Format: block.Duration, Default: cty.StringVal("0s"), Doc: "How long the users take to start, evenly spread; at a rate, how long it takes to rise to it from 0."},
		{Name: "grace", Type: cty.String, Format: block.Duration, Default: cty.StringVal("30s"), Doc: "With duration: how long answers that are under way at its end may still take. Then they are cut off and count as unfinished: neither answers nor errors. Give more than the longest answer takes."},
		{Name: "arrival", Type: cty.String, OneOf: []string{"poisson", "constant", "gamma"}, Default: cty.StringVal("poisson"), Doc: "How requests are spaced at a rate: at random, as those of users who do not know of each other are; evenly; or in bursts."},
		{Name: "burstiness", Type: cty.Number, Bounds: block.AboveZero(), Default: cty.NumberIntVal(1), Doc: "The shape of gamma arrivals: 1 is poisson, below is burstier, above is more even. The coefficient of variation of the gaps is 1/√burstiness."},
		{Name: "max_in_flight", Type: cty.Number, Bounds: block.IntegerFrom(1), Default: cty.NumberIntVal(10000), Doc: "At a rate: a request that is due while so many are in flight is not sent but dropped, and counts as failed. It never waits in silence."},
		{Name: "phases", Type: cty.DynamicPseudoType, Check: phase.Check, Schema: phase.Schema, Word: "list of phase", Doc: phase.Doc},
		{Name: "trace", Type: cty.String, Check: block.NotEmpty, Doc: trace.Doc},
		{Name: "trace_speed", Type: cty.Number, Bounds: block.AboveZero(), Default: cty.NumberIntVal(1), Doc: "How much faster than they came the requests of a trace are sent."},
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
	for _, name := range []string{"arrival", "burstiness", "max_in_flight"} {
		if _, given := c.Attrs[name]; given {
			l.openOnly = append(l.openOnly, openOnly{w, name, c.ArgRange(name)})
		}
	}
	if _, given := c.Attrs["grace"]; given && w.Duration == 0 && !block.Has(v, "phases") {
		l.warn(c.ArgRange("grace"), "Argument without effect", "Workload %q sets grace, which follows a duration, but ends with its last request. Set duration, or take grace out.", w.Name)
	}
	if w.Duration > 0 && w.Ramp >= w.Duration {
		wrong("ramp", "Ramp beyond the end", "Workload %q has a ramp of %v, but is over after %v. Shorten the ramp, or give a longer duration.", w.Name, w.Ramp, w.Duration)
	}
	if w.Phases = phasesOf(v); w.Phases != nil {
		l.alone(w, c, "phases", "which say for themselves how much is sent and for how long", []beside{
			{"requests", w.Requests > 0}, {"duration", w.Duration > 0}, {"ramp", w.Ramp > 0}, {"trace", block.Has(v, "trace")},
		})
		w.Duration = w.Phases.Duration()
		return
	}
	l.decodeTrace(w, c)
}

// openOnly is an argument that only a cell at a rate heeds.
type openOnly struct {
	workload *Workload
	name     string
	at       hcl.Range
}

// checkPacing warns of arguments that no cell heeds, since all that have the workload have users.
func (l *loader) checkPacing() {
	for _, arg := range l.openOnly {
		if rated, measured := l.rated[arg.workload]; measured && !rated {
			l.warn(arg.at, "Argument without effect", "Workload %q sets %s, which is about a rate, but all of its cells have users, whose requests follow one another. Take %s out, or give a benchmark a rate in place of users.", arg.workload.Name, arg.name, arg.name)
		}
	}
}

// decodeTrace reads a workload's trace, with its lengths and, where nothing else ends it, its requests.
func (l *loader) decodeTrace(w *Workload, c *block.Content) {
	v := c.Value
	if !block.Has(v, "trace") {
		if _, given := c.Attrs["trace_speed"]; given {
			l.broken[w] = true
			l.fail(c.ArgRange("trace_speed"), "Speed without a trace", "Workload %q sets trace_speed, but has no trace. Set trace to a file of requests, or take trace_speed out.", w.Name)
		}
		return
	}
	_, arrival := c.Attrs["arrival"]
	l.alone(w, c, "a trace", "which says for itself when requests come and how long they are", []beside{
		{"isl", !w.Input.IsZero()}, {"osl", !w.Output.IsZero()}, {"ramp", w.Ramp > 0}, {"arrival", arrival}, {"shared_prefix", w.SharedPrefixTokens > 0 || w.SharedPrefixShare > 0},
	})
	path := block.String(v, "trace")
	text, err := l.src.Data(path)
	if err == nil {
		w.Trace, err = trace.Read(path, text)
	}
	if err != nil {
		l.broken[w] = true
		l.diags = l.diags.Append(block.Invalid("trace", err).At(c.Attrs["trace"].Expr, nil))
		return
	}
	w.Trace.Speed = block.Float(v, "trace_speed")
	w.Input, w.Output = w.Trace.Lengths()
	w.ISL, w.OSL = w.Input.Mean(), w.Output.Mean()
	switch n := len(w.Trace.Requests); {
	case w.Requests > n:
		l.broken[w] = true
		l.fail(c.ArgRange("requests"), "Trace too short", "Workload %q wants %d requests, but %s has %d. Lower requests, or leave it out to send them all.", w.Name, w.Requests, path, n)
	case w.Requests == 0 && w.Duration == 0:
		w.Requests = n
	}
}

// beside is an argument that has no place beside another.
type beside struct {
	name  string
	given bool
}

// alone reports the arguments that stand beside one that takes their place.
func (l *loader) alone(w *Workload, c *block.Content, what, which string, others []beside) {
	for _, other := range others {
		if other.given {
			l.broken[w] = true
			l.fail(c.ArgRange(other.name), "Argument without effect", "Workload %q has %s, %s. Take %s out.", w.Name, what, which, other.name)
		}
	}
}

// sent is how many requests of its trace a workload sends.
func (p Pacing) sent(requests int, duration time.Duration) int {
	if requests > 0 {
		return requests
	}
	return p.Trace.Before(duration)
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

// pacesItself says whether the workload of a row needs neither users nor a rate beside it. One that is in error may be such.
func (l *loader) pacesItself(r row) bool {
	w := l.workloads[r.id("workload")]
	return w != nil && (w.Phases != nil || w.Trace != nil || l.broken[w] && r.at("users") == nil && r.at("rate") == nil)
}

// alonePaced notes what of a row has no place beside the phases or the trace of its workload.
func (l *loader) alonePaced(r row, faults *rowFaults) bool {
	w := l.workloads[r.id("workload")]
	what, axes := "phases, which say how much is sent at each time", []string{"users", "rate"}
	if w.Trace != nil {
		what, axes = "a trace, which says when requests come and how long they are", []string{"users", "rate", "isl", "osl"}
	}
	var given []string
	for _, axis := range axes {
		if r.at(axis) != nil {
			given = append(given, axis)
		}
	}
	if len(given) > 0 {
		faults.once(r.at(given[0]).Range, "Two load models", fmt.Sprintf("Workload %q has %s. Take %s out, or give the cell another workload.", w.Name, what, strings.Join(given, " and ")))
	}
	return len(given) == 0
}
