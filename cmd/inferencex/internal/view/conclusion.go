package view

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/run"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/aggregate/report"
)

// Ending is what a run came to.
type Ending struct {
	Dir      string // the run's folder
	Plan     *plan.Plan
	Outcome  run.Outcome
	Results  result.Results
	Reported bool // there are results
	Width    int  // of the terminal that data goes to; 0: as wide as it takes
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func countCells(results result.Results, is func(result.Cell) bool) (n int) {
	for _, c := range results.Cells {
		if is(c) {
			n++
		}
	}
	return n
}

// Conclusion prints the table of results to data, and to talk where the rest is and what is missing.
func Conclusion(data, talk io.Writer, e Ending) {
	if e.Reported {
		fmt.Fprintln(talk)
		if err := report.Text(data, e.Results, e.Width); err != nil {
			fmt.Fprintf(talk, "Print results: %v\n", err)
		}
		fmt.Fprintln(talk)
		for _, made := range []struct{ name, path string }{{"Report: ", "report/index.html"}, {"Tables: ", "tables"}} {
			if path := filepath.Join(e.Dir, made.path); exists(path) {
				fmt.Fprintf(talk, "%s %s\n", made.name, path)
			}
		}
	}
	measured, reused := e.Outcome.Measured(), e.Outcome.Reused()
	fmt.Fprintf(talk, "Cells:   %d measured, %d used again", measured, reused)
	if missing := e.Plan.Cells() - measured - reused; missing > 0 {
		fmt.Fprintf(talk, ", %d without a result", missing)
	}
	if invalid := countCells(e.Results, func(c result.Cell) bool { return c.Status == result.StatusOK && c.Validity == result.Invalid }); invalid > 0 {
		fmt.Fprintf(talk, ", %d of them not valid", invalid)
	}
	if late := countCells(e.Results, func(c result.Cell) bool { return len(c.SLOMissed) > 0 }); late > 0 {
		fmt.Fprintf(talk, ", %d of them missed an objective", late)
	}
	fmt.Fprintln(talk)
	switch e.Outcome.End {
	case run.Interrupted:
		fmt.Fprintln(talk, "Interrupted. What is sealed stays: run the same suite again to go on.")
	case run.TimedOut:
		fmt.Fprintln(talk, "The time of the run was over (-timeout). What is sealed stays: run the same suite again to go on.")
	case run.Stopped:
		fmt.Fprintln(talk, "Stopped after the first failure (on_failure = \"stop\"). What is sealed stays: run the same suite again to go on.")
	}
}
