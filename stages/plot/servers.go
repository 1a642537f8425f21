package plot

import (
	"fmt"
	"slices"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/page"
)

// side is a column: a figure of the server's own account, or the client's of the same thing beside it.
type side struct{ group, name, metric string }

func sides() []side {
	return []side{
		{"Output tokens", "server", "server_output_tokens"},
		{"Output tokens", "client", "output_tokens"},
		{"Mean TTFT", "server", "server_ttft_mean_s"},
		{"Mean TTFT", "client", "ttft_mean_s"},
		{"Mean TPOT", "server", "server_tpot_mean_s"},
		{"Mean TPOT", "client", "tpot_mean_s"},
		{"In flight", "batch", "server_running_mean"},
		{"In flight", "client", "achieved_concurrency"},
		{"Queue", "mean", "server_queue_mean"},
		{"Queue", "most", "server_queue_max"},
		{"Queue", "wait", "server_queue_time_mean_s"},
		{"Prefix hits", "server", "server_prefix_hit"},
		{"Prefix hits", "client", "prefix_hit"},
		{"KV cache", "most", "server_kv_usage_max"},
		{"", "Preemptions", "server_preemptions"},
	}
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
	var shown []string
	for _, s := range sides() {
		if s.name == "client" && t.Columns[len(t.Columns)-1].Group != s.group {
			continue // nothing of the server's to stand beside
		}
		for _, m := range shownOf(results.Metrics, points, []string{s.metric}) {
			shown = append(shown, m.Name)
			t.Columns = append(t.Columns, page.Column{Group: s.group, Name: s.name, Unit: unitBelow(m.Unit), Doc: m.Name + ": " + m.Doc})
		}
	}
	for _, p := range points {
		row := []string{nameOf(p.Labels) + p.Mark()}
		for _, name := range shown {
			row = append(row, number(p.Stat(name)))
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
