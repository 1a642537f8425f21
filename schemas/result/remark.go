package result

import (
	"slices"
	"strings"
)

// Remark is a reason that cells share.
type Remark struct {
	Code    string
	Cells   []Cell
	Details []Detail
}

// Detail is what was found, the same in all of its cells.
type Detail struct {
	Text  string
	Cells []Cell
}

// Remarks gathers the reasons of cells, each once, in the order in which they are first met.
func Remarks(cells []Cell) []Remark {
	var all []Remark
	for _, c := range cells {
		for i, code := range c.Reasons {
			text := code
			if i < len(c.Notes) {
				text = strings.TrimPrefix(c.Notes[i], code+": ")
			}
			j := slices.IndexFunc(all, func(r Remark) bool { return r.Code == code })
			if j < 0 {
				j = len(all)
				all = append(all, Remark{Code: code})
			}
			all[j].Cells = append(all[j].Cells, c)
			all[j].Details = found(all[j].Details, text, c)
		}
	}
	return all
}

// Silences gathers why cells lack an account of the server's own, or a part of one: each reason once, in the order in which they are first met.
func Silences(cells []Cell) []Detail {
	var all []Detail
	for _, c := range cells {
		if c.ServerMetricsProblem != "" {
			all = found(all, c.ServerMetricsProblem, c)
		}
	}
	return all
}

// found adds a cell in which this was found.
func found(details []Detail, text string, c Cell) []Detail {
	i := slices.IndexFunc(details, func(d Detail) bool { return d.Text == text })
	if i < 0 {
		i = len(details)
		details = append(details, Detail{Text: text})
	}
	details[i].Cells = append(details[i].Cells, c)
	return details
}

// The marks that stand behind a row's name, with one meaning in every table and chart.
const (
	MarkInvalid = "†" // failed, not measured or not valid: not to be quoted
	MarkNoted   = "*" // valid, with a note on one of the numbers shown
	MarkMissed  = "‡" // misses an objective of the suite
)

// Mark returns the marks of a point where these metrics of it are shown.
func (p Point) Mark(metrics ...string) string {
	mark := ""
	switch {
	case p.Validity() == Invalid:
		mark = MarkInvalid
	case slices.ContainsFunc(p.Trials, func(c Cell) bool { return Noted(c.Reasons, metrics...) }):
		mark = MarkNoted
	}
	if slices.ContainsFunc(p.Trials, func(c Cell) bool { return len(c.SLOMissed) > 0 }) {
		mark += MarkMissed
	}
	return mark
}

// Noted reports whether one of the reasons bears on one of the metrics. That a percentile rests on few requests is of no concern where that
// percentile does not stand.
func Noted(reasons []string, metrics ...string) bool {
	return slices.ContainsFunc(reasons, func(code string) bool {
		percentile, small := strings.CutSuffix(code, "_small_n")
		return !small || slices.ContainsFunc(metrics, func(m string) bool { return strings.Contains(m+"_", "_"+percentile+"_") })
	})
}
