package plot

import (
	"slices"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/page"
)

// column is a metric under a name of the table's own; without a name it has the metric's.
type column struct{ group, name, metric string }

// row is what stands before the metrics of a row, one text a label, and the mean of each metric over the trials.
type row struct {
	labels []string
	stat   func(metric string) (result.Stat, bool)
}

// rowOf is the row of a point that a cell's name is enough for.
func rowOf(p result.Point) row { return row{[]string{nameOf(p.Labels) + p.Mark()}, p.Stat} }

// cellColumn is the label of rowOf's rows.
func cellColumn(load string) page.Column {
	return page.Column{Name: "Cell", Text: true, Doc: "model, GPU type and size of the deployment, and " + load}
}

// shownOf returns the columns whose metric the results define and any row has.
func shownOf(columns []column, metrics []result.Metric, rows []row) []column {
	return slices.DeleteFunc(slices.Clone(columns), func(c column) bool {
		return !slices.ContainsFunc(metrics, func(m result.Metric) bool { return m.Name == c.metric }) ||
			!slices.ContainsFunc(rows, func(r row) bool { _, ok := r.stat(c.metric); return ok })
	})
}

// tableOf is the table of rows; without rows it has no columns either. The metrics of its columns must be defined.
func tableOf(labels []page.Column, columns []column, metrics []result.Metric, rows []row) page.Table {
	if len(rows) == 0 {
		return page.Table{}
	}
	t := page.Table{Columns: slices.Clone(labels)}
	for _, c := range columns {
		m := metrics[slices.IndexFunc(metrics, func(m result.Metric) bool { return m.Name == c.metric })]
		head := page.Column{Group: c.group, Name: c.name, Unit: m.Unit, Doc: m.Name + ": " + m.Doc}
		if c.name == "" {
			head.Name, head.Doc = m.Name, m.Doc
		}
		t.Columns = append(t.Columns, head)
	}
	for _, r := range rows {
		texts := slices.Clone(r.labels)
		for _, c := range columns {
			texts = append(texts, number(r.stat(c.metric)))
		}
		t.Rows = append(t.Rows, texts)
	}
	return t
}

// withoutCounts leaves out the units of counted things, which the names of their columns say.
func withoutCounts(t page.Table) page.Table {
	for i := range t.Columns {
		if unit := &t.Columns[i].Unit; *unit == "tokens" || *unit == "requests" {
			*unit = ""
		}
	}
	return t
}

// number prints the mean over the trials, with its spread where there is one.
func number(s result.Stat, ok bool) string {
	if !ok {
		return ""
	}
	return s.Spread()
}
