package plot

import (
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/page"
)

// turnColumns are what the page shows of conversations, under its groups: of all of them, of their first turns and of those behind, which bring along what
// was said before.
func turnColumns() []column {
	return []column{
		{"Conversations", "begun", "sessions"},
		{"Conversations", "turns unsent", "turns_unsent"},
		{"Conversations", "think time", "think_mean_s"},
		{"First turns", "input", "isl_mean_first_turn"},
		{"First turns", "cached", "prefix_hit_first_turn"},
		{"First turns", "TTFT mean", "ttft_first_turn_mean_s"},
		{"First turns", "TTFT p99", "ttft_first_turn_p99_s"},
		{"Later turns", "input", "isl_mean_later_turns"},
		{"Later turns", "cached", "prefix_hit_later_turns"},
		{"Later turns", "TTFT mean", "ttft_later_turns_mean_s"},
		{"Later turns", "TTFT p99", "ttft_later_turns_p99_s"},
	}
}

// turns has one row for each point that has conversations, with the mean over its trials.
func turns(results result.Results) page.Table {
	var rows []row
	for _, p := range result.Points(results.Cells) {
		if p.Turns != "" {
			rows = append(rows, rowOf(p))
		}
	}
	shown := shownOf(turnColumns(), results.Metrics, rows)
	return tableOf([]page.Column{cellColumn("the load on it")}, shown, results.Metrics, rows)
}
