package plot

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/page"
)

// tableMetrics are the columns of the page's table beside the labels: the seed's first, then what it hid.
var tableMetrics = []string{
	"output_tps_per_gpu", "e2el_mean_s", "interactivity_mean", "ttft_mean_s", "tok_s_per_kw",
	"output_tps", "ttft_p50_s", "ttft_p99_s", "tpot_p50_s", "tpot_p99_s", "e2el_p99_s", "achieved_concurrency",
	"power_w_mean", "requests_ok", "requests_failed",
}

// pageOf gathers the page.
func pageOf(suite string, results result.Results, charts []page.Chart) page.Page {
	p := page.Page{
		Title: suite, Simulated: results.Simulated, Facts: facts(results), Charts: charts, Table: table(results),
		Notes: []string{
			"Latencies are taken over requests that ended well; every request is a row of tables/requests.parquet. Percentiles are exact, from raw rows.",
			"Throughput counts output tokens alone, over the time from the first request sent to the last token received.",
		},
	}
	for _, c := range results.Cells {
		if c.Validity == "valid" {
			continue
		}
		why := c.Notes
		if c.Failure != "" {
			why = append([]string{c.Failure}, why...)
		}
		p.Verdicts = append(p.Verdicts, page.Reason{Cell: c.Cell, Validity: c.Validity, Reasons: why})
	}
	return p
}

// facts says in a few lines what was measured.
func facts(results result.Results) []page.Fact {
	distinct := func(of func(result.Cell) string) string {
		var values []string
		for _, c := range results.Cells {
			if v := of(c); v != "" && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		return strings.Join(values, ", ")
	}
	trials, failed := 0, 0
	for _, c := range results.Cells {
		trials = max(trials, c.Trial)
		if c.Status == result.StatusFailed {
			failed++
		}
	}
	facts := []page.Fact{
		{Key: "Model", Value: distinct(func(c result.Cell) string { return c.Repo })},
		{Key: "GPU", Value: distinct(func(c result.Cell) string { return c.GPUType })},
		{Key: "Engine", Value: distinct(func(c result.Cell) string { return c.Engine })},
		{Key: "Provider", Value: distinct(func(c result.Cell) string { return c.Provider })},
		{Key: "Input × output tokens", Value: distinct(func(c result.Cell) string { return fmt.Sprintf("%d × %d", c.ISL, c.OSL) })},
		{Key: "Cells", Value: cellCount(len(results.Cells), failed)},
		{Key: "Trials", Value: strconv.Itoa(trials)},
	}
	return slices.DeleteFunc(facts, func(f page.Fact) bool { return f.Value == "" })
}

func cellCount(all, failed int) string {
	if failed == 0 {
		return strconv.Itoa(all)
	}
	return fmt.Sprintf("%d, of which %d failed", all, failed)
}

// table has one row a point and, beside the labels, the mean over trials of each metric that any point has.
func table(results result.Results) page.Table {
	points := result.Points(results.Cells)
	t := page.Table{Columns: []page.Column{
		{Name: "Cell", Text: true, Doc: "model, GPU type and size of the deployment, and the users on it"},
		{Name: "ISL", Unit: "tokens", Doc: "input tokens asked for"},
		{Name: "OSL", Unit: "tokens", Doc: "output tokens asked for"},
	}}
	var shown []result.Metric
	for _, name := range tableMetrics {
		i := slices.IndexFunc(results.Metrics, func(m result.Metric) bool { return m.Name == name })
		if i < 0 || !slices.ContainsFunc(points, func(p result.Point) bool { _, ok := p.Stat(name); return ok }) {
			continue
		}
		m := results.Metrics[i]
		shown = append(shown, m)
		t.Columns = append(t.Columns, page.Column{Name: m.Name, Unit: m.Unit, Doc: m.Doc})
	}
	t.Columns = append(t.Columns, page.Column{Name: "validity", Text: true, Doc: "what the validity gate says of the worst trial"})
	for _, p := range points {
		row := []string{strings.Join([]string{p.Model, p.GPUType, p.Label()}, " "), strconv.Itoa(p.ISL), strconv.Itoa(p.OSL)}
		for _, m := range shown {
			row = append(row, number(p.Stat(m.Name)))
		}
		t.Rows = append(t.Rows, append(row, strings.ReplaceAll(p.Validity(), "_", " ")))
	}
	return t
}

// number prints four digits, and the spread over trials where there is one.
func number(s result.Stat, ok bool) string {
	if !ok {
		return ""
	}
	if half := s.HalfRange(); s.N > 1 && half > 0 {
		return digits(s.Mean) + " ± " + digits(half)
	}
	return digits(s.Mean)
}

func digits(v float64) string {
	switch abs := math.Abs(v); {
	case v == math.Trunc(v) && abs < 1e6:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case abs >= 1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case abs >= 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case abs >= 1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	default:
		return strconv.FormatFloat(v, 'f', 4, 64)
	}
}
