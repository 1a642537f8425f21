package plot

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/result"
)

func TestTurnsOnThePage(t *testing.T) {
	r := results()
	before := pageOf("s", r, nil)
	for _, fact := range before.Facts {
		if fact.Key == "Turns" || fact.Key == "Think time" {
			t.Errorf("a fact about conversations where there are none: %+v", fact)
		}
	}
	if len(before.Turns.Columns) > 0 {
		t.Errorf("a table of conversations where there are none: %+v", before.Turns)
	}
	r.Metrics = append(r.Metrics, result.Metric{Name: "sessions"}, result.Metric{Name: "isl_mean_later_turns", Unit: "tokens", Doc: "d"}, result.Metric{Name: "ttft_later_turns_mean_s", Unit: "s"},
		result.Metric{Name: "prefix_hit_later_turns", Unit: "fraction"})
	for i := range r.Cells[:2] {
		r.Cells[i].Turns, r.Cells[i].ThinkTime = "uniform(2, 4)", "2s"
		r.Cells[i].Metrics["sessions"] = 10
		r.Cells[i].Metrics["isl_mean_later_turns"] = 200
		r.Cells[i].Metrics["ttft_later_turns_mean_s"] = 0.1 + 0.02*float64(i)
	}
	got := pageOf("s", r, nil)
	var facts []string
	for _, fact := range got.Facts {
		if fact.Key == "Turns" || fact.Key == "Think time" {
			facts = append(facts, fact.Key+": "+fact.Value)
		}
	}
	if diff := cmp.Diff([]string{"Turns: uniform(2, 4)", "Think time: 2s"}, facts); diff != "" {
		t.Error(diff)
	}
	var columns []string
	for _, c := range got.Turns.Columns {
		columns = append(columns, strings.TrimSpace(c.Group+" "+c.Name+" "+c.Unit))
	}
	if diff := cmp.Diff([]string{"Cell", "Conversations begun", "Later turns input tokens", "Later turns TTFT mean s"}, columns); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"m H100 1GPU/16U‡", "10.0 ± 0.0", "200 ± 0", "0.110 ± 0.010"}}, got.Turns.Rows); diff != "" {
		t.Error(diff)
	}
}
