// Package matrix expands the axes of a benchmark into rows.
//
// Its invariant: equal input gives equal rows in equal order, no row stands twice, and no more rows are ever built than
// the limit allows.
package matrix

import (
	"fmt"
	"math"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/schemas/workload/length"
)

// Value is one point on an axis. Values with equal keys are the same point.
type Value struct {
	Key     string
	V       cty.Value
	Lengths length.Lengths // of an axis of lengths
	Range   hcl.Range
}

// Axis is a name and the points it takes, in the order they are tried.
type Axis struct {
	Name   string
	Values []*Value
	Range  hcl.Range
}

// Entry is one object of exclude, include or only: some axes and a point on each.
type Entry struct {
	Values map[string]*Value
	Range  hcl.Range
}

// Matrix is what a benchmark varies.
type Matrix struct {
	Order   []string          // every axis there can be, the slowest first
	Fixed   map[string]*Value // axes that stand beside the matrix, with their one point
	Axes    []Axis            // axes that vary
	Only    []Entry           // in place of the product, if HasOnly
	HasOnly bool
	Include []Entry // added to the product
	Exclude []Entry // taken from the product; an axis that it does not name may have any value
	// When, which may be nil, chooses among the rows of the product. known is false where it cannot be told.
	When   func(Row) (keep, known bool, diags hcl.Diagnostics)
	Trials int // how often each row is measured; counts against the limit
	Range  hcl.Range
}

// Row is one combination.
type Row struct {
	Values []*Value  // as Matrix.Order; nil where an axis has no point
	Range  hcl.Range // the matrix, or the entry that the row comes from
}

// Expand gives the rows in order: the product with the first axis of Order varying slowest, then what is included.
func (m Matrix) Expand(limit int) ([]Row, hcl.Diagnostics) {
	var rows []Row
	var diags hcl.Diagnostics
	if !m.HasOnly {
		diags = append(m.checkAxes(), m.checkSize(limit)...)
		if diags.HasErrors() {
			return nil, diags
		}
		var dropped hcl.Diagnostics
		rows, dropped = m.exclude(m.product())
		diags = append(diags, dropped...)
		var known bool
		rows, known, dropped = m.filter(rows)
		if diags = append(diags, dropped...); !known {
			return nil, diags
		}
	}
	rows, added := m.add(rows, m.Only, m.Include)
	diags = append(diags, added...)
	if len(rows) == 0 && !diags.HasErrors() {
		diags = diags.Append(fail(m.Range, "Empty matrix", "No cell is left to measure: the lists are empty, or exclude or when leave everything out."))
	}
	if len(rows)*m.Trials > limit && !diags.HasErrors() {
		diags = diags.Append(fail(m.Range, "Too many cells", fmt.Sprintf("%d rows × %d trials are %d cells, more than the %d allowed. Take some out.", len(rows), m.Trials, len(rows)*m.Trials, limit)))
	}
	if diags.HasErrors() {
		return nil, diags
	}
	return rows, diags
}

func fail(at hcl.Range, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &at}
}

// checkAxes looks for points that stand twice on an axis and axes without a point.
func (m Matrix) checkAxes() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, a := range m.Axes {
		if len(a.Values) == 0 {
			diags = diags.Append(fail(a.Range, "Empty axis", fmt.Sprintf("The axis %q has no values, so there is nothing to measure. Give it one, or take it out of the matrix.", a.Name)))
		}
		seen := map[string]bool{}
		for _, v := range a.Values {
			if seen[v.Key] {
				diags = diags.Append(fail(v.Range, "Duplicate axis value", fmt.Sprintf("%s stands twice on the axis %q. Each value is measured once; for repetition set trials.", v.Key, a.Name)))
			}
			seen[v.Key] = true
		}
	}
	return diags
}

// checkSize refuses a product over the limit before any of it is built.
func (m Matrix) checkSize(limit int) hcl.Diagnostics {
	size := 1.0
	var factors []string
	for _, a := range m.Axes {
		size *= float64(len(a.Values))
		factors = append(factors, fmt.Sprintf("%d %s", len(a.Values), a.Name))
	}
	size *= float64(m.Trials)
	factors = append(factors, fmt.Sprintf("%d trials", m.Trials))
	if size <= float64(limit) {
		return nil
	}
	count := fmt.Sprintf("%.0f", size)
	if size > math.MaxInt32 {
		count = fmt.Sprintf("%.2g", size)
	}
	return hcl.Diagnostics{fail(m.Range, "Too many cells", fmt.Sprintf("%s = %s cells, more than the %d allowed. Shorten an axis, or list the combinations of interest with \"only\".", strings.Join(factors, " × "), count, limit))}
}

// product is every combination of the axes, over the fixed points.
func (m Matrix) product() []Row {
	vary := map[string][]*Value{}
	for _, a := range m.Axes {
		vary[a.Name] = a.Values
	}
	rows := []Row{{Values: make([]*Value, len(m.Order)), Range: m.Range}}
	for i, name := range m.Order {
		points, varies := vary[name]
		if !varies {
			for _, r := range rows {
				r.Values[i] = m.Fixed[name]
			}
			continue
		}
		next := make([]Row, 0, len(rows)*len(points))
		for _, r := range rows {
			for _, p := range points {
				values := append([]*Value(nil), r.Values...)
				values[i] = p
				next = append(next, Row{Values: values, Range: m.Range})
			}
		}
		rows = next
	}
	return rows
}

// exclude takes rows out, and warns of an entry that matches none.
func (m Matrix) exclude(rows []Row) ([]Row, hcl.Diagnostics) {
	used := make([]bool, len(m.Exclude))
	kept := rows[:0]
	for _, r := range rows {
		drop := false
		for i, e := range m.Exclude {
			if m.matches(r, e) {
				drop, used[i] = true, true
			}
		}
		if !drop {
			kept = append(kept, r)
		}
	}
	var diags hcl.Diagnostics
	for i, e := range m.Exclude {
		if !used[i] {
			d := fail(e.Range, "Exclude without effect", "No combination matches this, so nothing is left out. Compare its values with the axes.")
			d.Severity = hcl.DiagWarning
			diags = diags.Append(d)
		}
	}
	return kept, diags
}

// filter keeps the rows that satisfy the condition. It ends at the first for which the condition cannot be told.
func (m Matrix) filter(rows []Row) (kept []Row, known bool, diags hcl.Diagnostics) {
	if m.When == nil {
		return rows, true, nil
	}
	kept = rows[:0]
	for _, r := range rows {
		keep, known, diags := m.When(r)
		if !known {
			return nil, false, diags
		}
		if keep {
			kept = append(kept, r)
		}
	}
	return kept, true, nil
}

// matches says whether a row has every point that an entry names.
func (m Matrix) matches(r Row, e Entry) bool {
	for i, name := range m.Order {
		if want := e.Values[name]; want != nil && (r.Values[i] == nil || r.Values[i].Key != want.Key) {
			return false
		}
	}
	return true
}

// add appends the listed entries, completed by the fixed points, and reports those that are there already.
func (m Matrix) add(rows []Row, lists ...[]Entry) ([]Row, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	seen := map[string]bool{}
	for _, r := range rows {
		seen[r.key()] = true
	}
	for _, list := range lists {
		for _, e := range list {
			r := Row{Values: make([]*Value, len(m.Order)), Range: e.Range}
			for i, name := range m.Order {
				if r.Values[i] = e.Values[name]; r.Values[i] == nil {
					r.Values[i] = m.Fixed[name]
				}
			}
			if seen[r.key()] {
				diags = diags.Append(fail(e.Range, "Duplicate cell", "This combination is in the matrix already. Take it out; for repetition set trials."))
				continue
			}
			seen[r.key()] = true
			rows = append(rows, r)
		}
	}
	return rows, diags
}

// key is equal for rows with equal points.
func (r Row) key() string {
	var b strings.Builder
	for _, v := range r.Values {
		if v != nil {
			b.WriteString(v.Key)
		}
		b.WriteByte(0)
	}
	return b.String()
}
