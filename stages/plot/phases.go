package plot

import (
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/page"
)

// phaseColumns are what the page shows of a phase, under its groups.
func phaseColumns() []column {
	return []column{
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
	var rows []row
	for _, p := range result.Points(results.Cells) {
		for _, phase := range p.Phases() {
			from, to := result.Quantity(phase.FromSeconds, ""), result.Quantity(phase.ToSeconds, "")
			rows = append(rows, row{[]string{nameOf(p.Labels) + p.Mark(), phase.Label(p.RateRPS > 0), from, to}, phase.Stat})
		}
	}
	return withoutCounts(tableOf([]page.Column{
		cellColumn("the phases of its load"),
		{Name: "Load", Text: true, Doc: "users, or requests a second; of a ramp from where to where"},
		{Name: "From", Unit: "s", Doc: "since the load began"},
		{Name: "To", Unit: "s", Doc: "likewise"},
	}, shownOf(phaseColumns(), results.PhaseMetrics, rows), results.PhaseMetrics, rows))
}
