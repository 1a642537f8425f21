package metric

// Column is a metric in the summary.
type Column struct {
	Metric  string // its name; the mean over the trials is shown
	Heading string
	Unit    string
	Glued   bool // the unit follows the number without a blank
}

// Summary are the columns of the table that a run prints and of results.md: those of the first benchmark,
// in its order, which is also that of their importance: where a terminal is too narrow, the last go first.
func Summary() []Column {
	return []Column{
		{"output_tps_per_gpu", "Thru/GPU", "tok/s", false},
		{"e2el_mean_s", "Latency", "s", true},
		{"interactivity", "Interactivity", "tok/s/user", false},
		{"ttft_mean_s", "TTFT", "s", true},
		{"tok_s_per_kw", "Power Eff.", "tok/s/kW", false},
	}
}

// Page are the metrics in the table of the report's page: those of the summary, then what it hides. A
// column that no cell has a value for is left out there.
func Page() []string {
	var names []string
	for _, c := range Summary() {
		names = append(names, c.Metric)
	}
	return append(names,
		"output_tps", "ttft_p50_s", "ttft_p99_s", "tpot_p50_s", "tpot_p99_s", "e2el_p99_s", "achieved_concurrency",
		"power_w_mean", "requests_ok", "requests_failed",
	)
}
