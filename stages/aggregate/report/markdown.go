package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/metric"
)

// Markdown writes the results as a page: for each group of cells the first benchmark's table, the percentiles and the notes on validity.
func Markdown(w io.Writer, r result.Results) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Results of %s\n\n", r.Suite)
	if r.Simulated {
		fmt.Fprintf(&b, "**%s**\n\n", simulatedLine)
	}
	writeProvenance(&b, r)
	for _, g := range groups(r) {
		fmt.Fprintf(&b, "## %s%s\n\n", g.title, simulated(g))
		if g.detail != "" {
			fmt.Fprintf(&b, "%s\n\n", g.detail)
		}
		for _, line := range []string{lengthsLine(g.points), sendingLine(g.points)} {
			if line != "" {
				fmt.Fprintf(&b, "%s\n\n", line)
			}
		}
		fmt.Fprintf(&b, "%s\n\n### Percentiles\n\n%s\n\n", seedTable(g).RenderMarkdown(), percentileTable(g).RenderMarkdown())
		writeTurns(&b, g)
		writePhases(&b, g)
		writeServers(&b, g)
		writeObjectives(&b, g)
		writeRemarks(&b, g)
	}
	b.WriteString(legend(r))
	_, err := w.Write(b.Bytes())
	return err
}

func simulated(g group) string {
	for _, p := range g.points {
		for _, c := range p.Trials {
			if c.Simulated {
				return ", simulated"
			}
		}
	}
	return ""
}

func seedTable(g group) table.Writer {
	t := table.NewWriter()
	names := []string{"Config", "GPUs", pressureName(g.points)}
	for _, c := range metric.Summary() {
		names = append(names, c.Heading)
	}
	t.AppendHeader(cells(names))
	for _, p := range g.points {
		t.AppendRow(row(p, metric.Summary()))
	}
	return t
}

func cells(texts []string) table.Row {
	r := make(table.Row, len(texts))
	for i, text := range texts {
		r[i] = text
	}
	return r
}

// percentileTable has the mean over the trials of each percentile; the range of the trials is in results.json.
func percentileTable(g group) table.Writer {
	t := table.NewWriter()
	names := []string{"Config", "Trials", "Requests"}
	for _, latency := range []string{"TTFT", "TPOT", "Latency"} {
		for _, p := range percentiles {
			names = append(names, latency+" "+p)
		}
	}
	t.AppendHeader(cells(names))
	for _, p := range g.points {
		line := table.Row{p.Label() + p.Mark(percentileMetrics()...), trials(p), shown(p, "requests_ok", sum)}
		for _, metric := range percentileMetrics() {
			line = append(line, shown(p, metric, seconds))
		}
		t.AppendRow(line)
	}
	return t
}

var percentiles = [...]string{"p50", "p90", "p95", "p99"}

func percentileMetrics() []string {
	var names []string
	for _, latency := range []string{"ttft", "tpot", "e2el"} {
		for _, q := range percentiles {
			names = append(names, latency+"_"+q+"_s")
		}
	}
	return names
}

func trials(p result.Point) string {
	text := fmt.Sprint(len(p.Trials))
	if failed := p.Count(result.StatusFailed); failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	if missing := p.Count(result.StatusMissing); missing > 0 {
		text += fmt.Sprintf(", %d not measured", missing)
	}
	return text
}

// writeProvenance says where the numbers are from, so that the file stands alone.
func writeProvenance(b *bytes.Buffer, r result.Results) {
	if r.Description != "" {
		fmt.Fprintf(b, "%s\n\n", r.Description)
	}
	p := r.Provenance()
	for _, fact := range []struct {
		what   string
		values []string
	}{
		{"Model", p.Models},
		{"Engine", p.Engines},
		{"Provider", p.Providers},
		{"GPUs as the servers saw them", p.GPUNames},
		{"Measured", measuredWhen(p)},
		{"In run", p.Runs},
		{"Seed", []string{strconv.FormatInt(r.Seed, 10)}},
	} {
		if len(fact.values) > 0 {
			fmt.Fprintf(b, "- %s: %s\n", fact.what, strings.Join(fact.values, ", "))
		}
	}
	b.WriteString("\n")
}

func measuredWhen(p result.Provenance) []string {
	switch p.From {
	case "":
		return nil
	case p.To:
		return []string{p.From}
	default:
		return []string{p.From + " to " + p.To}
	}
}

func writeObjectives(b *bytes.Buffer, g group) {
	missed := missedLines(g.points)
	if len(missed) == 0 {
		return
	}
	b.WriteString("### Objectives missed\n\n")
	for _, line := range missed {
		fmt.Fprintf(b, "- %s\n", line)
	}
	b.WriteString("\n")
}

func writeRemarks(b *bytes.Buffer, g group) {
	count := map[string]int{}
	for _, c := range trialsOf(g.points) {
		count[c.Validity]++
	}
	var verdicts []string
	for _, v := range []struct{ verdict, words string }{{result.Valid, "valid"}, {result.ValidWithNotes, "valid with notes"}, {result.Invalid, "invalid"}} {
		if n := count[v.verdict]; n > 0 {
			verdicts = append(verdicts, fmt.Sprintf("%d %s", n, v.words))
		}
	}
	fmt.Fprintf(b, "### Validity\n\n%s: %s.\n\n", plural.Of(len(trialsOf(g.points)), "cell"), strings.Join(verdicts, ", "))
	lines := remarkLines(g.points, func(string) bool { return true })
	for _, line := range lines {
		fmt.Fprintf(b, "- %s\n", line)
	}
	if len(lines) > 0 {
		b.WriteString("\n")
	}
}

// legend explains what the tables leave unsaid.
func legend(r result.Results) string {
	lines := []string{
		"Thru/GPU is output tokens a second and GPU. Latency and TTFT are means over the requests that were " +
			"answered in full, interactivity is 1 ÷ mean TPOT.",
		"Power Eff. is 1000 × output tokens ÷ joules from the first send to the last byte.",
	}
	points, metrics := result.Points(r.Cells), append(metricsOf(metric.Summary()), percentileMetrics()...)
	if spreads(points, metrics) {
		lines = append(lines, spreadLine)
	}
	for _, line := range markLines(points, metrics) {
		lines = append(lines, strings.Replace(line, result.MarkNoted, `\`+result.MarkNoted, 1)) // a bare star begins a list
	}
	return strings.Join(append(lines, missing+" stands for what was not measured."), "  \n") + "\n"
}
