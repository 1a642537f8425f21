// Package reference writes the reference of what a run reports, in Markdown: metrics, validity codes and tables.
//
// Invariant: each line of a table is read off the definition that computes, judges or writes.
package reference

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/aggregate"
	"github.com/strangeloopio/inferencex/stages/deploy/startup"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/gate"
)

// Metrics lists the metrics of loads and of their phases, the validity codes, and the reasons of failed starts.
func Metrics() []byte {
	var b bytes.Buffer
	head(&b, aboutMetrics, "metric", "unit", "better", "needs", "meaning")
	for _, d := range metric.All() {
		need := string(d.Needs)
		if d.Needs == metric.Requests {
			need = "" // they are always there
		}
		row(&b, code(d.Name), d.Unit, d.Better, need, d.Doc)
	}
	head(&b, aboutPhases, "metric", "unit", "better", "meaning")
	for _, d := range metric.OfPhases() {
		row(&b, code(d.Name), d.Unit, d.Better, d.Doc)
	}
	head(&b, aboutCodes, "code", "verdict", "given when")
	for _, r := range slices.Concat(aggregate.Unmeasured(), gate.Rules()) {
		row(&b, code(r.Code), string(r.Severity), r.Doc)
	}
	head(&b, aboutStarts, "reason", "what to do")
	for _, r := range startup.Reasons() {
		row(&b, code(string(r)), r.Advice())
	}
	return b.Bytes()
}

// Tables lists the columns of every table.
func Tables() []byte {
	var b bytes.Buffer
	b.WriteString(aboutTables)
	b.WriteString(table.Markdown())
	for _, t := range aggregate.Tables() {
		b.WriteString("\n")
		table.Describe(&b, t.Name, t.Version, t.Columns)
	}
	b.WriteString(aboutMetricColumns)
	return b.Bytes()
}

// head begins a table under what is to be said about it.
func head(w io.Writer, about string, names ...string) {
	io.WriteString(w, about)
	row(w, names...)
	fmt.Fprintf(w, "|%s\n", strings.Repeat("---|", len(names)))
}

func row(w io.Writer, cells ...string) {
	escape := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, cell := range cells {
		fmt.Fprintf(w, "| %s ", escape.Replace(cell))
	}
	fmt.Fprintln(w, "|")
}

func code(name string) string { return "`" + name + "`" }
