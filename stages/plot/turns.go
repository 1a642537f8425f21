package plot

import (
	"slices"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/page"
)

// turnColumns are what the page shows of conversations, under its groups: of all of them, of their first turns and of those behind, which bring along what
// was said before.
func turnColumns() []side {
	return []side{
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
	points := slices.DeleteFunc(result.Points(results.Cells), func(p result.Point) bool { return p.Turns == "" })
	if len(points) == 0 {
		return page.Table{}
	}
	t := page.Table{Columns: []page.Column{{Name: "Cell", Text: true, Doc: "model, GPU type and size of the deployment, and the load on it"}}}
	var shown []string
	for _, c := range turnColumns() {
		for _, m := range shownOf(results.Metrics, points, []string{c.metric}) {
			shown = append(shown, m.Name)
			t.Columns = append(t.Columns, page.Column{Group: c.group, Name: c.name, Unit: m.Unit, Doc: m.Name + ": " + m.Doc})
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
