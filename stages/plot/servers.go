package plot

import (
	"fmt"
	"slices"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/page"
)

// client is the name of a column whose figure is the client's, beside the server's of the same thing in its group.
const client = "client"

func serverColumns() []column {
	return []column{
		{"Output tokens", "server", "server_output_tokens"},
		{"Output tokens", client, "output_tokens"},
		{"Mean TTFT", "server", "server_ttft_mean_s"},
		{"Mean TTFT", client, "ttft_mean_s"},
		{"Mean TPOT", "server", "server_tpot_mean_s"},
		{"Mean TPOT", client, "tpot_mean_s"},
		{"In flight", "batch", "server_running_mean"},
		{"In flight", client, "achieved_concurrency"},
		{"Queue", "mean", "server_queue_mean"},
		{"Queue", "most", "server_queue_max"},
		{"Queue", "wait", "server_queue_time_mean_s"},
		{"Prefix hits", "server", "server_prefix_hit"},
		{"Prefix hits", client, "prefix_hit"},
		{"KV cache", "most", "server_kv_usage_max"},
		{"", "Preemptions", "server_preemptions"},
	}
}

// servers has one row for each point whose server gave an account of its own, with the mean over its trials.
func servers(results result.Results) page.Table {
	var rows []row
	for _, p := range result.Points(results.Cells) {
		if slices.ContainsFunc(p.Trials, func(c result.Cell) bool { return c.ServerMetrics != "" }) {
			rows = append(rows, rowOf(p))
		}
	}
	var columns []column
	for _, c := range shownOf(serverColumns(), results.Metrics, rows) {
		if n := len(columns); c.name == client && (n == 0 || columns[n-1].group != c.group) {
			continue // nothing of the server's to stand beside
		}
		columns = append(columns, c)
	}
	return withoutCounts(tableOf([]page.Column{cellColumn("the users on it")}, columns, results.Metrics, rows))
}

// silentNotes say why there is no account of the servers' own, or only a part of one: each reason once.
func silentNotes(results result.Results) []string {
	var notes []string
	for _, d := range result.Silences(results.Cells) {
		notes = append(notes, fmt.Sprintf("The server gave no account of its own, or only a part of one, for %d of %d cells: %s",
			len(d.Cells), len(results.Cells), d.Text))
	}
	return notes
}
