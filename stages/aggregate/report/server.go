package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// side is one figure of the server's own account, and the client's of the same thing where it has one.
type side struct {
	name           string
	server, client string // metrics
	print          func(result.Stat) string
}

func sides() []side {
	return []side{
		{"Output tokens", "server_output_tokens", "output_tokens", sum},
		{"TTFT", "server_ttft_mean_s", "ttft_mean_s", seconds},
		{"TPOT", "server_tpot_mean_s", "tpot_mean_s", seconds},
		{"Batch / in flight", "server_running_mean", "achieved_concurrency", plain},
		{"Queue, mean", "server_queue_mean", "", plain},
		{"Queue, most", "server_queue_max", "", plain},
		{"Queue, wait", "server_queue_time_mean_s", "", seconds},
		{"KV cache, most", "server_kv_usage_max", "", percent},
		{"Prefix hits", "server_prefix_hit", "prefix_hit", percent},
		{"Preemptions", "server_preemptions", "", sum},
	}
}

// writeServers puts what the servers say of the loads beside what the client measured.
func writeServers(b *bytes.Buffer, g group) {
	var told []result.Point
	for _, p := range g.points {
		if slices.ContainsFunc(p.Trials, func(c result.Cell) bool { return c.ServerMetrics != "" }) {
			told = append(told, p)
		}
	}
	silent := silentLines(g.points)
	if len(told)+len(silent) == 0 {
		return
	}
	b.WriteString("### The server's own account\n\n")
	if len(told) > 0 {
		fmt.Fprintf(b, "%s\n\nWhere there are two numbers the first is the server's and the second the client's, which counts the tokens of requests that were answered in full.\n\n",
			serverTable(told).RenderMarkdown())
	}
	for _, line := range silent {
		fmt.Fprintf(b, "- %s\n", line)
	}
	if len(silent) > 0 {
		b.WriteString("\n")
	}
}

func serverTable(points []result.Point) table.Writer {
	t := table.NewWriter()
	names := table.Row{"Config"}
	var columns []side
	for _, s := range sides() {
		if slices.ContainsFunc(points, func(p result.Point) bool { _, ok := p.Stat(s.server); return ok }) {
			names, columns = append(names, s.name), append(columns, s)
		}
	}
	t.AppendHeader(names)
	for _, p := range points {
		row := table.Row{p.Label() + p.Mark()}
		for _, s := range columns {
			text := shown(p, s.server, s.print)
			if s.client != "" {
				text += " / " + shown(p, s.client, s.print)
			}
			row = append(row, text)
		}
		t.AppendRow(row)
	}
	return t
}

// silentLines name the cells that lack an account of the server's own, or a part of it, once for each reason.
func silentLines(points []result.Point) []string {
	all := trialsOf(points)
	var lines []string
	for _, d := range result.Silences(all) {
		lines = append(lines, "There is none, or only a part: "+strings.TrimSuffix(d.Text, ".")+where(points, d.Cells, len(all)))
	}
	return lines
}
