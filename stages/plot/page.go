package plot

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/page"
	"github.com/strangeloopio/inferencex/stages/metric"
)

// pageOf gathers the page.
func pageOf(suite string, results result.Results, charts []page.Chart) page.Page {
	p := page.Page{
		Title: suite, Simulated: results.Simulated, Facts: facts(results), Charts: charts, Table: table(results), Turns: turns(results), Phases: phases(results), Servers: servers(results),
		Notes: []string{
			"Latencies are taken over requests that ended well; every request is a row of tables/requests.parquet. Percentiles are exact, from raw rows.",
			"Throughput counts output tokens alone, over the time from the first request sent to the last token received.",
		},
	}
	for _, point := range result.Points(results.Cells) {
		if missed := point.MissedNotes(); len(missed) > 0 {
			p.Missed = append(p.Missed, page.Missed{Cell: nameOf(point.Labels), Notes: missed})
		}
	}
	for _, r := range result.Remarks(results.Cells) {
		p.Verdicts = append(p.Verdicts, reasonOf(r, len(results.Cells)))
	}
	p.Notes = append(append(p.Notes, silentNotes(results)...), markNotes(results)...)
	return p
}

// nameOf tells a configuration from every other of the run.
func nameOf(l result.Labels) string {
	return strings.Join([]string{l.Model, l.GPUType, l.Label()}, " ")
}

// reasonOf says a reason once, of all of its cells.
func reasonOf(r result.Remark, all int) page.Reason {
	reason := page.Reason{Code: r.Code, Count: fmt.Sprintf("%d of %d cells", len(r.Cells), all), Invalid: true}
	for _, c := range r.Cells {
		reason.Invalid = reason.Invalid && c.Validity == result.Invalid
	}
	for _, d := range r.Details {
		detail := page.Detail{Text: d.Text}
		for _, c := range d.Cells {
			if len(d.Cells) < all {
				detail.Cells = append(detail.Cells, c.Cell)
			}
		}
		reason.Details = append(reason.Details, detail)
	}
	return reason
}

// markNotes explain the marks and the ± of the table.
func markNotes(results result.Results) []string {
	marks, spread := "", false
	for _, p := range result.Points(results.Cells) {
		marks += p.Mark(metric.Page()...)
		spread = spread || p.Count(result.StatusOK) > 1
	}
	var notes []string
	if spread {
		notes = append(notes, "± is half of the range over the trials, the number before it their mean.")
	}
	for _, m := range []struct{ mark, means string }{
		{result.MarkInvalid, "† A trial failed, was not measured or is not valid: do not quote the row."},
		{result.MarkNoted, "* Valid, with a note on a number of the row."},
		{result.MarkMissed, "‡ Misses an objective of the suite."},
	} {
		if strings.Contains(marks, m.mark) {
			notes = append(notes, m.means)
		}
	}
	return notes
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
	trials, failed, missing := 0, 0, 0
	for _, c := range results.Cells {
		trials = max(trials, c.Trial)
		switch c.Status {
		case result.StatusFailed:
			failed++
		case result.StatusMissing:
			missing++
		}
	}
	p := results.Provenance()
	list := func(values []string) string { return strings.Join(values, ", ") }
	facts := []page.Fact{
		{Key: "Benchmark", Value: results.Description},
		{Key: "Model", Value: list(p.Models)},
		{Key: "GPU", Value: distinct(func(c result.Cell) string { return c.GPUType })},
		{Key: "GPUs seen", Value: list(p.GPUNames)},
		{Key: "Engine", Value: list(p.Engines)},
		{Key: "Provider", Value: list(p.Providers)},
		{Key: "Input × output tokens", Value: distinct(func(c result.Cell) string { return c.Input() + " × " + c.Output() })},
		{Key: "Turns", Value: distinct(func(c result.Cell) string { return c.Turns })},
		{Key: "Think time", Value: distinct(func(c result.Cell) string { return c.ThinkTime })},
		{Key: "Cells", Value: cellCount(len(results.Cells), failed, missing)},
		{Key: "Trials", Value: strconv.Itoa(trials)},
		{Key: "Measured", Value: period(p.From, p.To)},
		{Key: "In run", Value: list(p.Runs)},
		{Key: "Seed", Value: strconv.FormatInt(results.Seed, 10)},
	}
	return slices.DeleteFunc(facts, func(f page.Fact) bool { return f.Value == "" })
}

func period(from, to string) string {
	if from == to {
		return from
	}
	return from + " to " + to
}

func cellCount(all, failed, missing int) string {
	var parts []string
	if failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", failed))
	}
	if missing > 0 {
		parts = append(parts, fmt.Sprintf("%d not measured", missing))
	}
	if len(parts) == 0 {
		return strconv.Itoa(all)
	}
	return fmt.Sprintf("%d, of which %s", all, strings.Join(parts, " and "))
}

// table has one row a point and, beside the labels, the mean over trials of each metric that any point has.
func table(results result.Results) page.Table {
	points := result.Points(results.Cells)
	drawn := slices.ContainsFunc(points, func(p result.Point) bool { return p.Drawn() })
	names := metric.Page()
	if drawn {
		names = append([]string{"isl_mean", "osl_mean"}, names...)
	}
	if slices.ContainsFunc(points, func(p result.Point) bool { return p.Turns != "" }) {
		names = append(names, "sessions", "ttft_first_turn_mean_s", "ttft_later_turns_mean_s", "isl_mean_later_turns", "prefix_hit_later_turns")
	}
	var columns []column
	for _, name := range names {
		columns = append(columns, column{metric: name})
	}
	var rows []row
	for _, p := range points {
		rows = append(rows, row{[]string{nameOf(p.Labels) + p.Mark(metric.Page()...), p.Input(), p.Output()}, p.Stat})
	}
	t := tableOf([]page.Column{
		cellColumn("the users on it"),
		{Name: "ISL", Unit: "tokens", Doc: "input tokens asked for", Text: drawn},
		{Name: "OSL", Unit: "tokens", Doc: "output tokens asked for", Text: drawn},
	}, shownOf(columns, results.Metrics, rows), results.Metrics, rows)
	t.Columns = append(t.Columns, page.Column{Name: "validity", Text: true, Doc: "what the validity gate says of the worst trial"})
	for i, p := range points {
		t.Rows[i] = append(t.Rows[i], cmp.Or(p.Unmeasured(), strings.ReplaceAll(p.Validity(), "_", " ")))
	}
	return t
}
