// Package report renders results for people: the table that this project's first benchmark printed, percentiles and what is to be said of their
// validity. Its invariant: a number never stands without its reservation — failed and invalid cells, spread over trials and simulation
// show in every rendering — and a missing number is a dash.
package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/strangeloopio/inferencex/schemas/result"
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
		title := fmt.Sprintf("%s on %s (ISL: %d, OSL: %d)", p.Model, p.GPUType, p.ISL, p.OSL)
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

// row is one point as the first benchmark printed it.
func row(p result.Point) []any {
	load := strconv.Itoa(p.Users)
	if p.Users == 0 {
		load = strconv.FormatFloat(p.RateRPS, 'g', -1, 64) + "/s"
	}
	throughput := figure(p, "output_tps_per_gpu", 0, " tok/s")
	if p.Failed() == len(p.Trials) {
		throughput = "failed"
	}
	return []any{
		p.Label() + mark(p), p.GPUs, load, throughput,
		figure(p, "e2el_mean_s", 1, "s"),
		figure(p, "interactivity_mean", 1, " tok/s/user"),
		figure(p, "ttft_mean_s", 2, "s"),
		figure(p, "tok_s_per_kw", 0, " tok/s/kW"),
	}
}

var header = [...]string{"Config", "GPUs", "Users", "Thru/GPU", "Latency", "Interactivity", "TTFT", "Power Eff."}

// mark is an asterisk for a point of which a trial failed or is invalid.
func mark(p result.Point) string {
	for _, c := range p.Trials {
		if c.Validity == "invalid" {
			return "*"
		}
	}
	return ""
}

// figure prints the mean of a metric over the trials, with half of their range where there are several.
func figure(p result.Point, metric string, digits int, unit string) string {
	s, ok := p.Stat(metric)
	switch {
	case !ok:
		return missing
	case s.N > 1:
		return grouped(s.Mean, digits) + " ± " + grouped(s.HalfRange(), digits) + unit
	default:
		return grouped(s.Mean, digits) + unit
	}
}

// grouped prints a number with so many digits after the point and commas between thousands.
func grouped(v float64, digits int) string {
	text := strconv.FormatFloat(math.Abs(v), 'f', digits, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	text = humanize.Comma(n)
	if fraction != "" {
		text += "." + fraction
	}
	if v < 0 {
		return "-" + text
	}
	return text
}

// remark is a reason that trials of a point share.
type remark struct {
	code, note string // of the first trial that has it
	trials     []string
}

// remarks returns what is to be said of the point's validity, in the order of the reasons.
func remarks(p result.Point) []remark {
	var all []remark
	at := map[string]int{}
	for _, c := range p.Trials {
		for i, code := range c.Reasons {
			j, known := at[code]
			if !known {
				j = len(all)
				at[code] = j
				all = append(all, remark{code: code, note: strings.TrimPrefix(c.Notes[i], code+": ")})
			}
			all[j].trials = append(all[j].trials, strconv.Itoa(c.Trial))
		}
	}
	return all
}

// verdict is the gravest of the trials' verdicts, in words.
func verdict(p result.Point) string {
	words := map[string]string{"valid": "valid", "valid_with_notes": "valid with notes", "invalid": "invalid"}
	worst := "valid"
	for _, c := range p.Trials {
		if c.Validity == "invalid" || worst == "valid" {
			worst = c.Validity
		}
	}
	return words[worst]
}

// simulatedLine is said wherever numbers of a simulated endpoint stand.
const simulatedLine = "These results are simulated: times, tokens and power come from a model of the hardware, not from hardware."
