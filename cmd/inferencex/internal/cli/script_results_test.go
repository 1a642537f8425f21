package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// claims gathers what a script's results say about time, for a judgement beside a control. A script in
// `make test` has none: there such figures only have to be there, since a busy machine may make them any.
type claims struct {
	off  []string // each figure beyond its bounds
	late []string // each cell that says that this machine was too busy for it
}

// judge puts down what is beyond its bounds in a cell.
func (c *claims) judge(cell result.Cell, off string) {
	c.off = append(c.off, cell.Cell+": "+off)
	if slices.ContainsFunc(cell.Reasons, func(code string) bool { return slices.Contains(busyCodes, code) }) {
		c.late = append(c.late, fmt.Sprintf("%s says %v", cell.Cell, cell.Reasons))
	}
}

// busyCodes say themselves that a machine was too busy to measure a cell.
var busyCodes = []string{"simulator_late", "simulator_uneven", "client_limited"}

// timedCodes are what a busy machine makes a cell invalid by: nothing else may excuse a result.
var timedCodes = append([]string{"concurrency_missed", "ttft_mismatch"}, busyCodes...)

// measures runs a suite, or reports one: measures inferencex run suite.hcl. Each of its cells is valid, but
// for a code that a busy machine gives it: that is a claim.
func (c *claims) measures(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: measures COMMAND...")
	}
	err := ts.Exec(args[0], args[1:]...)
	if err == nil {
		return
	}
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != ExitCells {
		ts.Fatalf("%v, want %d, or %d on a busy machine", err, ExitOK, ExitCells)
	}
	dir := "runs"
	if at := slices.Index(args, "-dir"); at >= 0 {
		dir = args[at+1]
	}
	for _, cell := range read(ts, filepath.Join(dir, "latest", "report", "results.json")).Cells {
		if cell.Validity != result.Invalid {
			continue
		}
		if !slices.ContainsFunc(cell.Reasons, func(code string) bool { return slices.Contains(timedCodes, code) }) {
			ts.Fatalf("%v is %v: %v", cell.Cell, cell.Validity, cell.Reasons)
		}
		if c != nil {
			c.judge(cell, fmt.Sprint("invalid: ", cell.Notes))
		}
	}
}

// results holds each cell of a results.json to bounds that are the same on any machine: results FILE CELLS
// [METRIC LOW HIGH]... A bound may be a multiple of a label, as in 8*users.
func results(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args)%3 != 2 {
		ts.Fatalf("usage: results FILE CELLS [METRIC LOW HIGH]...")
	}
	file := read(ts, args[0])
	if fmt.Sprint(len(file.Cells)) != args[1] {
		ts.Fatalf("%d cells, want %s", len(file.Cells), args[1])
	}
	for i, cell := range file.Cells {
		for _, b := range bounds(ts, file, i, args[2:]) {
			if off := b.miss(); off != "" {
				ts.Fatalf("%s: %s", cell.Cell, off)
			}
		}
	}
}

// timed claims bounds that tell how fast this machine is: timed FILE METRIC LOW HIGH [METRIC LOW HIGH]...
func (c *claims) timed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 || len(args)%3 != 1 {
		ts.Fatalf("usage: timed FILE METRIC LOW HIGH [METRIC LOW HIGH]...")
	}
	file := read(ts, args[0])
	for i, cell := range file.Cells {
		for _, b := range bounds(ts, file, i, args[1:]) {
			if !b.known {
				ts.Fatalf("%s has no %s", cell.Cell, b.metric)
			}
			if off := b.miss(); off != "" && c != nil {
				c.judge(cell, off)
			}
		}
	}
}

// unmarked claims that no cell has one of these codes, which a busy machine may give it: unmarked FILE
// CODE...
func (c *claims) unmarked(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: unmarked FILE CODE...")
	}
	for _, cell := range read(ts, args[0]).Cells {
		for _, code := range args[1:] {
			if at := slices.Index(cell.Reasons, code); at >= 0 && c != nil {
				c.judge(cell, cell.Notes[at])
			}
		}
	}
}

// resultsFile is a results.json: its cells, and all that it holds of each.
type resultsFile struct {
	Cells  []result.Cell
	fields []map[string]any
}

// read reads the results of a simulated run.
func read(ts *testscript.TestScript, path string) resultsFile {
	text := []byte(ts.ReadFile(path))
	results, err := result.Read(ts.MkAbs(path))
	ts.Check(err)
	var fields struct {
		Schema    int              `json:"schema"`
		Simulated bool             `json:"simulated"`
		Cells     []map[string]any `json:"cells"`
	}
	ts.Check(json.Unmarshal(text, &fields))
	if fields.Schema != 1 || !fields.Simulated {
		ts.Fatalf("%s: schema %d, simulated: %v", path, fields.Schema, fields.Simulated)
	}
	return resultsFile{results.Cells, fields.Cells}
}

// bounded is a figure of a cell with its bounds.
type bounded struct {
	metric           string
	value, low, high float64
	known            bool // the cell has this figure
}

// miss says how a figure is beyond its bounds; empty: it is not.
func (b bounded) miss() string {
	if b.known && b.value >= b.low && b.value <= b.high {
		return ""
	}
	if !b.known {
		return fmt.Sprintf("no %s, want %g to %g", b.metric, b.low, b.high)
	}
	return fmt.Sprintf("%s = %g, want %g to %g", b.metric, b.value, b.low, b.high)
}

// bounds reads METRIC LOW HIGH... for a cell of a file.
func bounds(ts *testscript.TestScript, file resultsFile, cell int, args []string) (all []bounded) {
	fields := file.fields[cell]
	for ; len(args) > 0; args = args[3:] {
		value, known := fields[args[0]].(float64)
		all = append(all, bounded{args[0], value, bound(ts, fields, args[1]), bound(ts, fields, args[2]), known})
	}
	return all
}

// bound reads a number, or a multiple of a label of a cell.
func bound(ts *testscript.TestScript, fields map[string]any, text string) float64 {
	var number float64
	factor, label, product := strings.Cut(text, "*")
	if _, err := fmt.Sscan(factor, &number); err != nil {
		ts.Fatalf("bound %q: %v", text, err)
	}
	if product {
		value, known := fields[label].(float64)
		if !known {
			ts.Fatalf("bound %q: there is no label %q", text, label)
		}
		number *= value
	}
	return number
}
