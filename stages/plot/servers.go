package plot

import (
	"fmt"
	"slices"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/page"
)

// serverMetrics are the figures of the server's own account, each with the client's of the same thing behind it.
var serverMetrics = []string{
	"server_output_tokens", "output_tokens", "server_input_tokens", "input_tokens", "server_ttft_mean_s", "ttft_mean_s", "server_tpot_mean_s", "tpot_mean_s",
	"server_running_mean", "achieved_concurrency", "server_queue_mean", "server_queue_max", "server_queue_time_mean_s", "server_kv_usage_max",
	"server_prefix_hit", "prefix_hit", "server_preemptions",
}

// servers has one row for each point whose server gave an account of its own, with the mean over its trials.
func servers(results result.Results) page.Table {
	points := slices.DeleteFunc(result.Points(results.Cells), func(p result.Point) bool {
		return !slices.ContainsFunc(p.Trials, func(c result.Cell) bool { return c.ServerMetrics != "" })
	})
	if len(points) == 0 {
		return page.Table{}
	}
	t := page.Table{Columns: []page.Column{{Name: "Cell", Text: true, Doc: "model, GPU type and size of the deployment, and the users on it"}}}
	shown := shownOf(results.Metrics, points, serverMetrics)
	for _, m := range shown {
		t.Columns = append(t.Columns, page.Column{Name: m.Name, Unit: m.Unit, Doc: m.Doc})
	}
	for _, p := range points {
		row := []string{nameOf(p.Labels)}
		for _, m := range shown {
			row = append(row, number(p.Stat(m.Name)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// silentNotes say why there is no account of the servers' own, or only a part of one: each reason once.
func silentNotes(results result.Results) []string {
	var whys []string
	count := map[string]int{}
	for _, c := range results.Cells {
		if why := c.ServerMetricsProblem; why != "" {
			if count[why]++; count[why] == 1 {
				whys = append(whys, why)
			}
		}
	}
	var notes []string
	for _, why := range whys {
		notes = append(notes, fmt.Sprintf("The server gave no account of its own, or only a part of one, for %d of %d cells: %s", count[why], len(results.Cells), why))
	}
	return notes
}
