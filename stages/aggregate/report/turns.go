package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// turnSides are those of a conversation, as the names of metrics end.
var turnSides = [...]struct{ words, suffix string }{{"first", "first_turn"}, {"later", "later_turns"}}

// writeTurns writes what first turns of conversations are to later ones, which bring along what was said before: a row of each for a point.
func writeTurns(b *bytes.Buffer, g group) {
	if !slices.ContainsFunc(g.points, func(p result.Point) bool { return p.Turns != "" }) {
		return
	}
	t := table.NewWriter()
	t.AppendHeader(cells([]string{"Config", "Conversations", "Turns", "Input tokens", "From the prefix cache", "TTFT mean", "TTFT p50", "TTFT p90", "TTFT p99"}))
	for _, p := range g.points {
		for _, side := range turnSides {
			ttft := "ttft_" + side.suffix + "_"
			t.AppendRow(table.Row{
				p.Label(), shown(p, "sessions", count), side.words, shown(p, "isl_mean_"+side.suffix, plain), shown(p, "prefix_hit_"+side.suffix, percent),
				shown(p, ttft+"mean_s", seconds), shown(p, ttft+"p50_s", seconds), shown(p, ttft+"p90_s", seconds), shown(p, ttft+"p99_s", seconds),
			})
		}
	}
	fmt.Fprintf(b, "### Conversations\n\n%s\n\n", t.RenderMarkdown())
	if line := unsentLine(g.points); line != "" {
		fmt.Fprintf(b, "%s\n\n", line)
	}
}

// turnsLine says in a line what first turns are to later ones; empty where there are no conversations.
func turnsLine(points []result.Point) string {
	var parts []string
	for _, p := range points {
		if _, ok := p.Stat("ttft_later_turns_mean_s"); !ok {
			continue
		}
		part := fmt.Sprintf("%s in first and %s in later turns (%s", shown(p, "ttft_first_turn_mean_s", seconds), shown(p, "ttft_later_turns_mean_s", seconds), p.Label())
		if _, ok := p.Stat("prefix_hit_later_turns"); ok {
			part += fmt.Sprintf(", %s of whose input came from the prefix cache", shown(p, "prefix_hit_later_turns", percent))
		}
		parts = append(parts, part+")")
	}
	if len(parts) == 0 {
		return ""
	}
	line := "The first token of an answer took, on average, " + strings.Join(parts, ", ") + "."
	if unsent := unsentLine(points); unsent != "" {
		line += " " + unsent
	}
	return line
}

// unsentLine says how many turns were left out as one before them failed; empty where none were.
func unsentLine(points []result.Point) string {
	var parts []string
	for _, p := range points {
		if s, ok := p.Stat("turns_unsent"); ok && s.Max > 0 {
			parts = append(parts, fmt.Sprintf("%s (%s)", shown(p, "turns_unsent", count), p.Label()))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Turns that were not attempted, as one before them in their conversation had failed: " + strings.Join(parts, ", ") + "."
}
