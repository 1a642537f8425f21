package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/strangeloopio/inferencex/schemas/plural"
)

// noData stands where a value is missing.
const noData = "no data"

// subject says what a group measured: "Qwen/Qwen3-8B-FP8 on H100"; empty where that is not known.
func subject(c Cell) string {
	if c.Model == "" || c.GPUType == "" {
		return ""
	}
	return c.Model + " on " + c.GPUType
}

// lengths is "" where the request's shape is not known.
func lengths(c Cell) string {
	if c.ISL == 0 && c.OSL == 0 && !c.Drawn() {
		return ""
	}
	text := fmt.Sprintf("ISL %s, OSL %s tokens", c.Input(), c.Output())
	if c.Turns != "" {
		text += fmt.Sprintf(" in each of %s turns", c.Turns)
	}
	return text
}

// distinguish names each group by what sets it apart from the others: model,
// GPU type and request shape wherever they differ, the rest only if it must.
func distinguish(gs [][]Cell) []string {
	return apart(gs, []part{subject, lengths}, loopOf, workloadOf, benchmarkOf)
}

func loopOf(c Cell) string {
	if c.open() {
		return "open loop"
	}
	return "closed loop"
}

func modelOf(c Cell) string     { return c.Model }
func workloadOf(c Cell) string  { return c.Workload }
func benchmarkOf(c Cell) string { return c.Benchmark }

// part is one thing that can set groups apart.
type part func(Cell) string

// apart names each group by those parts in which the groups differ, and by the spare ones as long as names are equal.
func apart(gs [][]Cell, first []part, spare ...part) []string {
	names := make([]string, len(gs))
	for _, p := range first {
		add(names, gs, p)
	}
	for _, p := range spare {
		if !unique(names) {
			add(names, gs, p)
		}
	}
	return names
}

func add(names []string, gs [][]Cell, p part) {
	if !slices.ContainsFunc(gs, func(g []Cell) bool { return p(g[0]) != p(gs[0][0]) }) {
		return
	}
	for i, g := range gs {
		names[i] = strings.TrimPrefix(names[i]+" · "+p(g[0]), " · ")
	}
}

func unique(names []string) bool {
	sorted := slices.Sorted(slices.Values(names))
	return len(slices.Compact(sorted)) == len(names)
}

// powerText lists the measured power of one GPU by GPU count, as a range where
// cells differ: "1 GPU 182 W, 2 GPUs 96–100 W, 4 GPUs no data".
func powerText(group []Cell) string {
	var parts []string
	for _, run := range byGPUs(group) {
		low, high := math.Inf(1), math.Inf(-1)
		for _, c := range run {
			if v, ok := c.value(PowerWatts); ok {
				low, high = min(low, v.Mean), max(high, v.Mean)
			}
		}
		text := noData
		if low <= high {
			a, b := fmt.Sprintf("%.0f", low), fmt.Sprintf("%.0f", high)
			if text = a + " W"; a != b {
				text = a + "–" + b + " W"
			}
		}
		parts = append(parts, plural.Of(run[0].GPUs, "GPU")+" "+text)
	}
	return strings.Join(parts, ", ")
}

// trialsText says what a mark and its whiskers are, or "" for single trials.
func trialsText(cells []Cell, metrics ...string) string {
	low, high := math.MaxInt, 0
	for _, c := range cells {
		for _, m := range metrics {
			if v, ok := c.value(m); ok {
				low, high = min(low, max(v.Trials, 1)), max(high, v.Trials)
			}
		}
	}
	switch {
	case high <= 1:
		return ""
	case low == high:
		return fmt.Sprintf("mean of %d trials, whiskers from lowest to highest", high)
	default:
		return fmt.Sprintf("mean of %d–%d trials, whiskers from lowest to highest", low, high)
	}
}
