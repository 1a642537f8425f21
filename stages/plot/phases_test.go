package plot

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/result"
)

func TestPhasesOnThePage(t *testing.T) {
	r := results()
	if got := pageOf("s", r, nil).Phases; len(got.Columns) > 0 {
		t.Errorf("a table of phases where no load has any: %+v", got)
	}
	r.PhaseMetrics = []result.Metric{{Name: "requests_attempted", Doc: "d"}, {Name: "output_tps", Unit: "tokens/s"}, {Name: "ttft_p50_s", Unit: "s"}, {Name: "server_queue_mean", Unit: "requests"}}
	from := 16.0
	for i := range r.Cells[:2] {
		r.Cells[i].Phases = []result.Phase{
			{Phase: 1, ToSeconds: 10, Users: 16, Metrics: map[string]float64{"requests_attempted": 40, "ttft_p50_s": 0.1 + 0.02*float64(i)}},
			{Phase: 2, FromSeconds: 10, ToSeconds: 12.5, Users: 32, RampFrom: &from, Metrics: map[string]float64{"requests_attempted": 10, "server_queue_mean": 2}},
		}
	}
	got := pageOf("s", r, nil).Phases
	var columns []string
	for _, c := range got.Columns {
		columns = append(columns, strings.TrimSpace(strings.TrimSpace(c.Group+" "+c.Name)+" "+c.Unit))
	}
	if diff := cmp.Diff([]string{"Cell", "Load", "From s", "To s", "Requests due", "TTFT p50 s", "Server's queue mean"}, columns); diff != "" {
		t.Error(diff)
	}
	want := [][]string{
		{"m H100 1GPU/16U‡", "16 users", "0", "10", "40.0 ± 0.0", "0.110 ± 0.010", ""},
		{"m H100 1GPU/16U‡", "16 → 32 users", "10", "12.5", "10.0 ± 0.0", "", "2.00 ± 0.00"},
	}
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Error(diff)
	}
}

func TestPhasesOnTheChart(t *testing.T) {
	r := results()
	from := 16.0
	r.Cells = r.Cells[:1]
	r.Cells[0].Phases = []result.Phase{
		{Phase: 1, Users: 16, Metrics: map[string]float64{"ttft_mean_s": 0.1}},
		{Phase: 2, Users: 32, RampFrom: &from, Metrics: map[string]float64{"ttft_mean_s": 0.2}},
		{Phase: 2, Users: 32, Metrics: map[string]float64{"ttft_mean_s": 0.3}},
		{Phase: 3, Metrics: map[string]float64{}},
	}
	type dot struct {
		Label string
		Users int
		TTFT  float64
	}
	var got []dot
	for _, c := range chartData("s", r).Cells[0].Phases {
		got = append(got, dot{c.Name, c.Users, c.Values["ttft_mean_s"].Mean})
	}
	if diff := cmp.Diff([]dot{{"1GPU/16U, 16 users", 16, 0.1}, {"1GPU/16U, 32 users", 32, 0.3}}, got); diff != "" {
		t.Error(diff)
	}
	r.Cells[0].Phases = nil
	if phases := chartData("s", r).Cells[0].Phases; phases != nil {
		t.Errorf("phases %+v of a load without any", phases)
	}
}
