// Package report renders results for people: the table that this project's first benchmark printed, percentiles and what is to be said of their
// validity. Its invariant: a number never stands without its reservation — failed and invalid cells, spread over trials and simulation
// show in every rendering — and a missing number is a dash.
package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/metric"
)

// missing stands where there is no number.
const missing = "–"

// group is the points that share all but size: one table.
type group struct {
	title  string
	detail string
	points []result.Point
}

// groups splits the points by everything that a row of the table does not say.
func groups(r result.Results) []group {
	var all []group
	at := map[string]int{}
	for _, p := range result.Points(r.Cells) {
		title := fmt.Sprintf("%s on %s (ISL: %s, OSL: %s%s)", p.Model, p.GPUType, p.Input(), p.Output(), turnsLabel(p.Labels))
		var words []string
		for _, w := range []struct{ what, name string }{
			{"benchmark", p.Benchmark}, {"engine", p.Engine}, {"provider", p.Provider}, {"workload", p.Workload},
		} {
			if w.name != "" {
				words = append(words, w.what+" "+w.name)
			}
		}
		detail := strings.Join(words, ", ")
		i, known := at[title+"\n"+detail]
		if !known {
			i = len(all)
			at[title+"\n"+detail] = i
			all = append(all, group{title: title, detail: detail})
		}
		all[i].points = append(all[i].points, p)
	}
	return all
}

// titleOfSeveral reports whether it takes more than the group's title to tell it from the others.
func (g group) titleOfSeveral(all []group) bool {
	return slices.ContainsFunc(all, func(other group) bool { return other.title == g.title && other.detail != g.detail })
}

// turnsLabel says what conversations a load has, behind its lengths.
func turnsLabel(l result.Labels) string {
	text := ""
	if l.Turns != "" {
		text += ", turns: " + l.Turns
	}
	if l.ThinkTime != "" {
		text += ", think time: " + l.ThinkTime
	}
	return text
}

// lengthsLine says what the lengths of a group came to where they are drawn, or grow with a conversation; empty where all are the same.
func lengthsLine(points []result.Point) string {
	if !points[0].Drawn() && points[0].Turns == "" {
		return ""
	}
	var parts []string
	for _, side := range []struct{ word, metric string }{{"input", "isl_mean"}, {"output", "osl_mean"}} {
		low, high := math.Inf(1), math.Inf(-1)
		for _, p := range points {
			if s, ok := p.Stat(side.metric); ok {
				low, high = min(low, s.Min), max(high, s.Max)
			}
		}
		switch {
		case low > high: // nothing was measured
		case math.Round(low) == math.Round(high):
			parts = append(parts, fmt.Sprintf("%.0f %s tokens", low, side.word))
		default:
			parts = append(parts, fmt.Sprintf("%.0f to %.0f %s tokens", low, high, side.word))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Requests had, as the mean of a cell, " + strings.Join(parts, " and ") + "."
}

// metricsOf lists what columns show.
func metricsOf(columns []metric.Column) []string {
	var names []string
	for _, c := range columns {
		names = append(names, c.Metric)
	}
	return names
}

// withUnit is a column's number in a cell that has its unit with it.
func withUnit(c metric.Column, p result.Point) string {
	s, ok := p.Stat(c.Metric)
	switch {
	case !ok:
		return missing
	case c.Glued:
		return s.Spread() + c.Unit
	default:
		return s.Spread() + " " + c.Unit
	}
}

// pressure is what a point is measured under: users, or requests per second; of a pattern the most users, or the mean rate.
func pressure(p result.Point) string {
	switch {
	case p.Pattern != "" && p.Users > 0:
		return "up to " + strconv.Itoa(p.Users)
	case p.Pattern != "":
		return "mean " + result.Number(p.RateRPS) + "/s"
	case p.Users == 0:
		return strconv.FormatFloat(p.RateRPS, 'g', -1, 64) + "/s"
	}
	return strconv.Itoa(p.Users)
}

// pressureName is the heading over the pressures of points.
func pressureName(points []result.Point) string {
	open := 0
	for _, p := range points {
		if p.Users == 0 {
			open++
		}
	}
	switch open {
	case 0:
		return "Users"
	case len(points):
		return "Rate"
	default:
		return "Users or rate"
	}
}

// sendingLine says how the open loops of a group were sent; empty where there are none.
func sendingLine(points []result.Point) string {
	var sent []string
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		rate, ok := p.Stat("sent_rps")
		if !ok {
			continue
		}
		sent = append(sent, fmt.Sprintf("%s/s (%s)", result.Number(rate.Mean), p.Label()))
		if cv, ok := p.Stat("sent_gap_cv"); ok {
			low, high = min(low, cv.Min), max(high, cv.Max)
		}
	}
	if len(sent) == 0 {
		return ""
	}
	line := "Requests were sent at " + strings.Join(sent, ", ")
	if points[0].Turns != "" {
		line = "Conversations began at " + strings.Join(sent, ", ")
	}
	if low <= high {
		line += fmt.Sprintf("; the coefficient of variation of their gaps is %.2f", low)
		if math.Round(100*low) != math.Round(100*high) {
			line += fmt.Sprintf(" to %.2f", high)
		}
	}
	return line + "."
}

// row is one point as the first benchmark printed it.
func row(p result.Point, columns []metric.Column) []any {
	line := []any{p.Label() + p.Mark(metricsOf(columns)...), p.GPUs, pressure(p)}
	for _, c := range columns {
		line = append(line, withUnit(c, p))
	}
	if words := p.Unmeasured(); words != "" {
		line[3] = words
	}
	return line
}

// spreads reports whether a number of the table has ± in it.
func spreads(points []result.Point, metrics []string) bool {
	return slices.ContainsFunc(points, func(p result.Point) bool {
		return slices.ContainsFunc(metrics, func(m string) bool { s, _ := p.Stat(m); return s.N > 1 })
	})
}

const spreadLine = "± is half of the range over the trials, the number before it their mean."

// markLines explain the marks that stand in a table of these metrics.
func markLines(points []result.Point, metrics []string) []string {
	used := ""
	for _, p := range points {
		used += p.Mark(metrics...)
	}
	var lines []string
	for _, m := range []struct{ mark, means string }{
		{result.MarkInvalid, "a trial failed, was not measured or is not valid: do not quote the row."},
		{result.MarkNoted, "valid, with a note on a number of the row."},
		{result.MarkMissed, "misses an objective of the suite."},
	} {
		if strings.Contains(used, m.mark) {
			lines = append(lines, m.mark+" "+m.means)
		}
	}
	return lines
}

// simulatedLine is said wherever numbers of a simulated endpoint stand.
const simulatedLine = "These results are simulated: times, tokens and power come from a model of the hardware, not from hardware."
