package plot

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/result"
)

func TestServersOnThePage(t *testing.T) {
	r := results()
	if got := pageOf("s", r, nil).Servers; len(got.Columns) > 0 {
		t.Errorf("a table of servers that said nothing: %+v", got)
	}
	r.Metrics = append(r.Metrics, result.Metric{Name: "server_ttft_mean_s", Unit: "s", Doc: "d"}, result.Metric{Name: "server_preemptions"}, result.Metric{Name: "prefix_hit"})
	for i := range r.Cells[:3] {
		r.Cells[i].ServerMetrics = "vllm"
		r.Cells[i].Metrics["server_ttft_mean_s"], r.Cells[i].Metrics["prefix_hit"] = 0.08, 0
	}
	r.Cells[1].Metrics["server_ttft_mean_s"] = 0.09
	r.Cells[3].ServerMetricsProblem, r.Cells[4].ServerMetricsProblem = "GET /metrics: HTTP 404", "GET /metrics: HTTP 404"
	got := pageOf("s", r, nil)
	var columns []string
	for _, c := range got.Servers.Columns {
		columns = append(columns, strings.TrimSpace(c.Group+" "+c.Name+" "+c.Unit))
	}
	if diff := cmp.Diff([]string{"Cell", "Mean TTFT server s", "Mean TTFT client s"}, columns); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][]string{{"m H100 1GPU/16U‡", "0.0850 ± 0.0050", "0.100 ± 0.000"}, {"m H100 1GPU/32U", "0.0800", "0.100"}}, got.Servers.Rows); diff != "" {
		t.Error(diff)
	}
	want := "The server gave no account of its own, or only a part of one, for 2 of 6 cells: GET /metrics: HTTP 404"
	if text := strings.Join(got.Notes, "\n"); strings.Count(text, want) != 1 {
		t.Errorf("notes do not say once %q:\n%s", want, text)
	}
}
