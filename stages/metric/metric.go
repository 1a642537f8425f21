// Package metric says what each number of a cell means: one definition a column, in one explicit list, from which the cells table,
// its documentation, the report and comparisons follow. Its invariant: a metric is a function of the raw rows of one cell alone, and where
// they do not carry it the metric is missing — never zero.
//
// Latencies come from ok rows only. Means are arithmetic means over requests (over gaps for icl); percentiles are exact and linear between
// order statistics, as numpy's default. Times of a simulated endpoint are simulated seconds.
package metric

import (
	"slices"
	"strings"
)

// Need names the data without which a metric is missing.
type Need string

// What a metric can need. Requests are always there.
const (
	Requests Need = "requests"
	Chunks   Need = "chunks"
	Power    Need = "power"
	Price    Need = "price"
	Server   Need = "server" // its own account
)

// Which way a metric is better.
const (
	Higher = "higher"
	Lower  = "lower"
)

// Def defines a metric.
type Def struct {
	Name   string // column of the cells table, with its unit at the end where it has one
	Unit   string
	Better string // Higher, Lower or empty where neither is
	Doc    string // one sentence
	Needs  Need
	// Compute returns the value in Unit, or false where the sample does not carry it.
	Compute func(*Sample) (value float64, ok bool)
}

// All returns every metric, in the order of the columns.
func All() []Def {
	return slices.Concat(
		requestCounts(),
		throughput(),
		concurrency(),
		e2el(),
		ttft(),
		ttftSched(),
		ttfa(),
		schedLag(),
		sending(),
		tpot(),
		icl(),
		ntpot(),
		interactivity(),
		lengths(),
		prefixHit(),
		served(),
		conversations(),
		goodput(),
		steady(),
		connections(),
		power(),
		cost(),
	)
}

// Find returns the metric of this name.
func Find(name string) (Def, bool) {
	for _, d := range All() {
		if d.Name == name {
			return d, true
		}
	}
	return Def{}, false
}

// Objectives returns the names that an objective of a suite may use: the metrics that have a better side, without the _s of seconds, since an
// objective carries its own unit; and errors, the share of failed requests.
func Objectives() []string {
	var names []string
	for _, d := range All() {
		if d.Better != "" {
			names = append(names, objectiveName(d))
		}
	}
	return names
}

// FindObjective returns the metric that an objective is about.
func FindObjective(name string) (Def, bool) {
	for _, d := range All() {
		if d.Better != "" && objectiveName(d) == name {
			return d, true
		}
	}
	return Def{}, false
}

func objectiveName(d Def) string {
	if d.Name == "error_fraction" {
		return "errors"
	}
	return strings.TrimSuffix(d.Name, "_s")
}
