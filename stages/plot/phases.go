package plot

import (
	"slices"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/page"
)

// phaseColumns are what the page shows of a phase, under its groups.
func phaseColumns() []side {
	return []side{
		{"Requests", "due", "requests_attempted"},
		{"Requests", "failed", "requests_failed"},
		{"Requests", "sent", "sent_rps"},
		{"Requests", "done", "rps"},
		{"", "Output", "output_tps"},
		{"", "In flight", "achieved_concurrency"},
		{"TTFT", "p50", "ttft_p50_s"},
		{"TTFT", "p99", "ttft_p99_s"},
		{"TPOT", "p50", "tpot_p50_s"},
		{"TPOT", "p99", "tpot_p99_s"},
		{"", "Good", "good_fraction"},
		{"Server's queue", "mean", "server_queue_mean"},
		{"Server's queue", "most", "server_queue_max"},
	}
}

// phases has one row for each stretch of the loads that go through phases, with the mean over the trials.
func phases(results result.Results) page.Table {
	type row struct {
		point result.Point
		phase result.PhasePoint
	}
	var rows []row
	for _, p := range result.Points(results.Cells) {
		for _, phase := range p.Phases() {
			rows = append(rows, row{p, phase})
		}
	}
	if len(rows) == 0 {
		return page.Table{}
	}
	t := page.Table{Columns: []page.Column{
		{Name: "Cell", Text: true, Doc: "model, GPU type and size of the deployment, and the phases of its load"},
		{Name: "Load", Text: true, Doc: "users, or requests a second; of a ramp from where to where"},
		{Name: "From", Unit: "s", Doc: "since the load began"},
		{Name: "To", Unit: "s", Doc: "likewise"},
	}}
	var shown []string
	for _, c := range phaseColumns() {
		i := slices.IndexFunc(results.PhaseMetrics, func(m result.Metric) bool { return m.Name == c.metric })
		if i < 0 || !slices.ContainsFunc(rows, func(r row) bool { _, ok := r.phase.Stat(c.metric); return ok }) {
			continue
		}
		m := results.PhaseMetrics[i]
		shown = append(shown, m.Name)
		t.Columns = append(t.Columns, page.Column{Group: c.group, Name: c.name, Unit: unitBelow(m.Unit), Doc: m.Name + ": " + m.Doc})
	}
	for _, r := range rows {
		texts := []string{nameOf(r.point.Labels) + r.point.Mark(), r.phase.Label(r.point.RateRPS > 0), result.Quantity(r.phase.FromSeconds, ""), result.Quantity(r.phase.ToSeconds, "")}
		for _, name := range shown {
			texts = append(texts, number(r.phase.Stat(name)))
		}
		t.Rows = append(t.Rows, texts)
	}
	return t
}

// unitBelow is the unit below a column's name; that of counted things is in the name.
func unitBelow(unit string) string {
	if unit == "tokens" || unit == "requests" {
		return ""
	}
	return unit
}
