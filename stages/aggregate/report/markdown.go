package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// Markdown writes the results as a page: for each group of cells the first benchmark's table, the percentiles and the notes on validity.
func Markdown(w io.Writer, r result.Results) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Results of %s\n\n", r.Suite)
	if r.Simulated {
		fmt.Fprintf(&b, "**%s**\n\n", simulatedLine)
	}
	for _, g := range groups(r) {
		fmt.Fprintf(&b, "## %s%s\n\n", g.title, simulated(g))
		if g.detail != "" {
			fmt.Fprintf(&b, "%s\n\n", g.detail)
		}
		fmt.Fprintf(&b, "%s\n\n### Percentiles\n\n%s\n\n### Validity\n\n", seedTable(g).RenderMarkdown(), percentileTable(g).RenderMarkdown())
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
	t.AppendHeader(cells(header[:]))
	for _, p := range g.points {
		t.AppendRow(row(p))
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
		line := table.Row{p.Label() + mark(p), trials(p), count(p)}
		for _, latency := range []string{"ttft", "tpot", "e2el"} {
			for _, q := range percentiles {
				line = append(line, seconds(p, latency+"_"+q+"_s"))
			}
		}
		t.AppendRow(line)
	}
	return t
}

var percentiles = [...]string{"p50", "p90", "p95", "p99"}

func trials(p result.Point) string {
	if failed := p.Failed(); failed > 0 {
		return fmt.Sprintf("%d, %d failed", len(p.Trials), failed)
	}
	return fmt.Sprint(len(p.Trials))
}

// count is the number of ok requests of all trials.
func count(p result.Point) string {
	s, ok := p.Stat("requests_ok")
	if !ok {
		return missing
	}
	return grouped(s.Mean*float64(s.N), 0)
}

// seconds prints a time with three digits that count, in milliseconds below a second.
func seconds(p result.Point, metric string) string {
	s, ok := p.Stat(metric)
	switch {
	case !ok:
		return missing
	case s.Mean < 0.1:
		return grouped(1000*s.Mean, 1) + "ms"
	case s.Mean < 1:
		return grouped(1000*s.Mean, 0) + "ms"
	default:
		return grouped(s.Mean, 2) + "s"
	}
}

func writeRemarks(b *bytes.Buffer, g group) {
	for _, p := range g.points {
		fmt.Fprintf(b, "- %s: %s\n", p.Label(), verdict(p))
		for _, r := range remarks(p) {
			which := ""
			if len(p.Trials) > 1 {
				which = " (trial " + strings.Join(r.trials, ", ") + ")"
			}
			fmt.Fprintf(b, "  - %s%s: %s\n", r.code, which, r.note)
		}
	}
	b.WriteString("\n")
}

// legend explains what the tables leave unsaid.
func legend(r result.Results) string {
	lines := []string{
		"Thru/GPU is output tokens a second and GPU. Latency, TTFT and interactivity are means over the requests that were answered in full.",
		"Power Eff. is 1000 × output tokens ÷ joules from the first send to the last byte.",
	}
	for _, p := range result.Points(r.Cells) {
		if len(p.Trials) > 1 {
			lines = append(lines, "± is half of the range over the trials, the number before it their mean.")
			break
		}
	}
	return strings.Join(append(lines, "A star marks a row with a trial that failed or is not valid; "+missing+" stands for what was not measured."), "\n") + "\n"
}
