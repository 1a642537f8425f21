package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// phaseColumn is one figure of a phase.
type phaseColumn struct {
	name, metric string
	print        func(result.Stat) string
}

func phaseColumns() []phaseColumn {
	all := func(s result.Stat) string { return result.Quantity(s.Mean*float64(s.N), "") }
	mean := func(unit string) func(result.Stat) string {
		return func(s result.Stat) string { return result.Quantity(s.Mean, unit) }
	}
	return []phaseColumn{
		{"Requests", "requests_attempted", all},
		{"Failed", "requests_failed", all},
		{"Sent /s", "sent_rps", mean("")},
		{"Done /s", "rps", mean("")},
		{"Output tok/s", "output_tps", mean("")},
		{"In flight", "achieved_concurrency", mean("")},
		{"TTFT p50", "ttft_p50_s", mean("s")},
		{"TTFT p99", "ttft_p99_s", mean("s")},
		{"TPOT p50", "tpot_p50_s", mean("s")},
		{"TPOT p99", "tpot_p99_s", mean("s")},
		{"Good", "good_fraction", mean("fraction")},
		{"Server's queue", "server_queue_mean", mean("")},
	}
}

// writePhases has a row for each stretch of the loads that go through phases.
func writePhases(b *bytes.Buffer, g group) {
	type row struct {
		point result.Point
		phase result.PhasePoint
	}
	var rows []row
	for _, p := range g.points {
		for _, phase := range p.Phases() {
			rows = append(rows, row{p, phase})
		}
	}
	if len(rows) == 0 {
		return
	}
	columns := slices.DeleteFunc(phaseColumns(), func(c phaseColumn) bool {
		return !slices.ContainsFunc(rows, func(r row) bool { _, ok := r.phase.Stat(c.metric); return ok })
	})
	t := table.NewWriter()
	names := []string{"Config", "Load", "Seconds"}
	for _, c := range columns {
		names = append(names, c.name)
	}
	t.AppendHeader(cells(names))
	for _, r := range rows {
		from, to := result.Quantity(r.phase.FromSeconds, ""), result.Quantity(r.phase.ToSeconds, "")
		texts := []string{r.point.Label() + r.point.Mark(), r.phase.Label(r.point.RateRPS > 0), from + "–" + to}
		for _, c := range columns {
			texts = append(texts, shown(r.phase, c.metric, c.print))
		}
		t.AppendRow(cells(texts))
	}
	fmt.Fprintf(b, "### Phases\n\n%s\n\n%s\n\n", t.RenderMarkdown(), strings.Join([]string{
		"Requests and their times are of those that were due in the phase, whenever they were answered; what is by the second is what happened in it.",
		"A ramp stands apart. Of few requests the p99 is the longest of them, or nearly.",
	}, " "))
}
