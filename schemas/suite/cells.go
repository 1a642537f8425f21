package suite

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite/matrix"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

const (
	// requestsPerUser keeps a closed loop in its steady state for most of a cell.
	requestsPerUser = 8
	// warmupAtRate is the number of warm-up requests where no number of users suggests one.
	warmupAtRate = 8
)

// row reads a matrix row by the names of its axes.
type row struct {
	matrix.Row
	index map[string]int
}

func (r row) at(name string) *matrix.Value { return r.Values[r.index[name]] }

func (r row) number(name string) float64 {
	if p := r.at(name); p != nil {
		f, _ := p.V.AsBigFloat().Float64()
		return f
	}
	return 0
}

func (r row) id(name string) string {
	if p := r.at(name); p != nil {
		return p.Key
	}
	return ""
}

// makeCells turns rows into cells, each as often as there are trials. It reports what only a whole row shows.
func (l *loader) makeCells(b *Benchmark, m matrix.Matrix, rows []matrix.Row) []Cell {
	index := map[string]int{}
	for i, name := range m.Order {
		index[name] = i
	}
	faults := &rowFaults{seen: map[string]bool{}}
	var out []Cell
	for _, raw := range rows {
		r := row{raw, index}
		if !l.complete(r, faults) {
			continue
		}
		c := l.makeCell(b, r)
		l.resolve(&c, r, faults)
		c.Trials = m.Trials
		for c.Trial = 1; c.Trial <= m.Trials; c.Trial++ {
			out = append(out, c)
		}
	}
	l.diags = append(l.diags, faults.diags...)
	l.diags = append(l.diags, faults.shortages()...)
	return out
}

// complete says whether a row can be measured, and notes all that keeps it from being so.
func (l *loader) complete(r row, faults *rowFaults) bool {
	var missing []string
	for _, name := range []string{"model", "provider", "workload", "gpu_type"} {
		if r.at(name) == nil {
			missing = append(missing, fmt.Sprintf("%q", name))
		}
	}
	complete := len(missing) == 0
	lacks := func(detail string) {
		complete = false
		faults.add(r.Range, "Incomplete cell", detail)
	}
	switch last := len(missing) - 1; {
	case last == 0:
		lacks(missing[0] + " is missing: set it beside the matrix, or vary it there.")
	case last > 0:
		lacks(fmt.Sprintf("%s and %s are missing: set each beside the matrix, or vary it there.", strings.Join(missing[:last], ", "), missing[last]))
	}
	if w := l.workloads[r.id("workload")]; w != nil && !l.broken[w] {
		for _, length := range []struct {
			name string
			own  Lengths
		}{{"isl", w.Input}, {"osl", l.outputOf(w, r)}} {
			if r.at(length.name) == nil && length.own.IsZero() {
				lacks(fmt.Sprintf("%q is missing: set it in workload %q, or in the benchmark.", length.name, w.Name))
			}
		}
	}
	if fault := l.textsFault(r); fault != "" {
		lacks(fault)
	}
	if w := l.workloads[r.id("workload")]; w != nil && w.Dataset != nil && r.at("isl") != nil {
		complete = false
		faults.once(r.at("isl").Range, "Length of given texts", fmt.Sprintf("Workload %q has a dataset, whose prompts have lengths of their own. Take isl out, or give the cell another workload.", w.Name))
	}
	switch users, rate := r.at("users"), r.at("rate"); {
	case l.pacesItself(r):
		complete = l.alonePaced(r, faults) && complete
	case users == nil && rate == nil:
		lacks("Neither users nor rate is given. Set users to keep that many requests in flight, or rate to send that many in a second.")
	case users != nil && rate != nil:
		complete = false
		faults.once(rate.Range, "Both users and rate", "A load is either closed, with users in flight, or open, at a rate. Keep one of the two.")
	}
	return complete
}

// cellValue is what the condition of a matrix sees of a row: an attribute for each axis, null where there is no point.
// Lengths are their means.
func (l *loader) cellValue(order []string, r matrix.Row) cty.Value {
	attrs := map[string]cty.Value{}
	for i, name := range order {
		switch p := r.Values[i]; {
		case p == nil:
			attrs[name] = cty.NullVal(cty.DynamicPseudoType)
		case p.Lengths.IsZero():
			attrs[name] = p.V
		default:
			attrs[name] = cty.NumberIntVal(int64(p.Lengths.Mean()))
		}
	}
	if attrs["gpus"].IsNull() {
		attrs["gpus"] = cty.NumberIntVal(1)
	}
	if at := slices.Index(order, "workload"); r.Values[at] != nil {
		w := l.workloads[r.Values[at].Key]
		for name, declared := range map[string]Lengths{"isl": w.Input, "osl": w.Output} {
			if attrs[name].IsNull() && l.broken[w] {
				attrs[name] = cty.UnknownVal(cty.Number)
			} else if attrs[name].IsNull() && declared.Mean() > 0 {
				attrs[name] = cty.NumberIntVal(int64(declared.Mean()))
			}
		}
	}
	return cty.ObjectVal(attrs)
}

// makeCell is a row's cell, as far as it follows from the row alone.
func (l *loader) makeCell(b *Benchmark, r row) Cell {
	c := Cell{
		Benchmark: b.Name,
		Model:     l.models[r.id("model")],
		Engine:    l.engines[r.id("engine")],
		Provider:  l.providers[r.id("provider")],
		Workload:  *l.workloads[r.id("workload")],
		GPUType:   r.at("gpu_type").V.AsString(),
		GPUs:      max(1, int(r.number("gpus"))),
		Users:     int(r.number("users")),
		RateRPS:   r.number("rate"),
		SLO:       b.SLO,
		Range:     r.Range,
	}
	w := &c.Workload
	if p := r.at("isl"); p != nil {
		w.Input = p.Lengths
	}
	w.Output = l.outputOf(w, r)
	switch {
	case w.Phases != nil:
		c.Users, c.RateRPS = w.Phases.MostUsers(), w.Phases.MeanRPS()
	case w.Trace != nil:
		c.RateRPS = w.Trace.MeanRPS(w.sent(w.Requests, w.Duration))
	}
	w.ISL, w.OSL = w.Input.Mean(), w.Output.Mean()
	c.Input, c.Output, c.ISL, c.OSL = w.Input, w.Output, w.ISL, w.OSL
	return c
}

// resolve sets the number of requests and the warm-up of a cell.
func (l *loader) resolve(c *Cell, r row, faults *rowFaults) {
	declared := l.workloads[r.id("workload")]
	if l.broken[declared] || l.floorUnknown {
		return
	}
	w := &c.Workload
	l.rated[declared] = l.rated[declared] || c.RateRPS > 0
	l.resolveWarmup(c, declared)
	if w.SharedPrefixShare > 0 {
		w.SharedPrefixTokens = prefixTokens(w.SharedPrefixShare, w.Input.Mean())
	}
	if least := w.Input.Least(); w.Dataset == nil && w.Turns.IsZero() && w.SharedPrefixTokens >= least {
		advice := "Shorten the prefix."
		found := fmt.Sprintf("its prompts have %d", least)
		if w.Input.Kind != length.Fixed {
			advice = "Shorten the prefix, or draw from longer lengths."
			found = fmt.Sprintf("a prompt can have as few as %d", least)
		}
		faults.add(declared.Range, "Prefix too long", fmt.Sprintf("Workload %q shares a prefix of %d tokens, but %s in benchmark %q, and each needs a token of its own. %s", w.Name, w.SharedPrefixTokens, found, c.Benchmark, advice))
	}
	if why := w.pausesInVain(c.RateRPS); why != "" {
		faults.add(declared.Range, "Think time without turns", why)
	}
	switch {
	case w.Duration > 0:
	case w.Requests == 0:
		w.Requests = max(l.floorRequests, w.perUser()*c.Users)
		if w.Requests == 0 {
			faults.add(r.at("rate").Range, "No end of cell", fmt.Sprintf("At a rate, nothing says when a cell is over. Set requests or duration in workload %q, or requests in the suite block.", w.Name))
		}
	case w.fewerSessions(c.Users) != "":
		faults.add(r.at("users").Range, "Fewer conversations than users", w.fewerSessions(c.Users))
	case w.Requests < c.Users:
		faults.short(w, l.requestsAt[declared], c.Users, r.at("users").Range)
	}
}

// rowFaults collects what is wrong with rows, so that a fault of many rows is reported once.
type rowFaults struct {
	diags   hcl.Diagnostics
	seen    map[string]bool
	lacking []shortage
}

// shortage is a workload that has too few requests for some numbers of users.
type shortage struct {
	workload   Workload
	requestsAt hcl.Range
	users      map[int]hcl.Range
}

// add notes a fault; one that has been noted at the same place is the same fault in another row.
func (f *rowFaults) add(at hcl.Range, summary, detail string) {
	if key := at.String() + detail; !f.seen[key] {
		f.seen[key] = true
		f.diags = f.diags.Append(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &at})
	}
}

// once notes a fault that is the same one wherever in the benchmark it is met again.
func (f *rowFaults) once(at hcl.Range, summary, detail string) {
	if !f.seen[summary] {
		f.seen[summary] = true
		f.add(at, summary, detail)
	}
}

// short notes that a workload has fewer requests than there are users.
func (f *rowFaults) short(w *Workload, requestsAt hcl.Range, users int, at hcl.Range) {
	for _, h := range f.lacking {
		if h.workload.Name == w.Name {
			h.users[users] = at
			return
		}
	}
	f.lacking = append(f.lacking, shortage{*w, requestsAt, map[int]hcl.Range{users: at}})
}

// shortages reports, once for each workload, cells that end before all their users have been in flight.
func (f *rowFaults) shortages() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, h := range f.lacking {
		var counts []int
		for n := range h.users {
			counts = append(counts, n)
		}
		sort.Sort(sort.Reverse(sort.IntSlice(counts)))
		most := counts[0]
		var others []string
		for _, n := range counts[1:] {
			others = append(others, fmt.Sprint(n))
		}
		also := ""
		if len(others) > 0 {
			also = fmt.Sprintf(" (nor %s)", strings.Join(others, ", "))
		}
		at := h.users[most]
		diags = diags.Append(&hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: "Fewer requests than users", Subject: &at,
			Detail: fmt.Sprintf("%d requests cannot keep %d users in flight%s: the result would be that of fewer users. Workload %q sets requests at %s. Give it at least %d, or leave requests out to have %d for each user.",
				h.workload.Requests, most, also, h.workload.Name, block.Place(h.requestsAt), requestsPerUser*most, requestsPerUser),
		})
	}
	return diags
}
