package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/run"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
)

// Cells as aggregate judges them.
var (
	goodCell    = result.Cell{Status: result.StatusOK, Validity: result.Valid}
	notedCell   = result.Cell{Status: result.StatusOK, Validity: result.ValidWithNotes, Reasons: []string{"few_requests"}}
	lateCell    = result.Cell{Status: result.StatusOK, Validity: result.Valid, SLOMissed: []string{"ttft_p99"}}
	invalidCell = result.Cell{Status: result.StatusOK, Validity: result.Invalid, Reasons: []string{"errors"}}
	failedCell  = result.Cell{Status: result.StatusFailed, Validity: result.Invalid, Failure: "every request failed"}
	missingCell = result.Cell{Status: result.StatusMissing, Validity: result.Invalid, Failure: "not measured"}
)

func failing(kind string) run.Outcome {
	return run.Outcome{Steps: []run.Result{{Address: addr.Step{Kind: kind}, State: run.Failed, Err: errors.New("x")}}}
}

// What is protected: the exit codes of run and report, on which scripts rely, and their order where several apply: what may still bill before
// all, what is wrong with the run before what is wrong with its cells, a cell without a result before one that misses an objective.
func TestExitCodeOfARun(t *testing.T) {
	alive := []journal.Entry{{State: journal.Releasing, Record: stage.Record{Token: "t", ID: "id-7"}}}
	withAlive := func(o run.Outcome) run.Outcome { o.Alive = alive; return o }
	for _, tc := range []struct {
		name    string
		cells   []result.Cell // nil: there is no report
		outcome run.Outcome
		err     error
		want    int
	}{
		{"all valid", []result.Cell{goodCell, notedCell}, run.Outcome{}, nil, ExitOK},
		{"an objective missed", []result.Cell{goodCell, lateCell, goodCell}, run.Outcome{}, nil, ExitObjectives},
		{"missed and invalid", []result.Cell{lateCell, invalidCell}, run.Outcome{}, nil, ExitCells},
		{"invalid", []result.Cell{goodCell, invalidCell}, run.Outcome{}, nil, ExitCells},
		{"failed", []result.Cell{failedCell, goodCell}, failing(plan.Load), nil, ExitCells},
		{"failed and told by results alone", []result.Cell{failedCell, goodCell}, run.Outcome{}, nil, ExitCells},
		{"missing", []result.Cell{goodCell, missingCell}, run.Outcome{}, nil, ExitCells},
		{"a teardown failed and nothing is left", []result.Cell{goodCell}, failing(plan.Teardown), nil, ExitCells},
		{"stopped", []result.Cell{goodCell, missingCell}, run.Outcome{End: run.Stopped}, nil, ExitCells},
		{"timed out", []result.Cell{goodCell}, run.Outcome{End: run.TimedOut}, nil, ExitTimeout},
		{"timed out without a report", nil, run.Outcome{End: run.TimedOut}, nil, ExitTimeout},
		{"interrupted", []result.Cell{goodCell}, run.Outcome{End: run.Interrupted}, nil, ExitInterrupted},
		{"no report", nil, failing(plan.Aggregate), nil, ExitError},
		{"no charts", []result.Cell{goodCell}, failing(plan.Plot), nil, ExitError},
		{"no charts and a cell failed", []result.Cell{failedCell}, failing(plan.Plot), nil, ExitError},
		{"the disk failed", []result.Cell{goodCell}, run.Outcome{End: run.DiskFailed}, errors.New("no space left"), ExitError},
		{"a coded error", []result.Cell{goodCell}, run.Outcome{}, fmt.Errorf("run: %w", exit(ExitConfig, "x")), ExitConfig},
		{"alive", []result.Cell{goodCell}, withAlive(run.Outcome{}), nil, ExitAlive},
		{"alive and interrupted", nil, withAlive(run.Outcome{End: run.Interrupted}), nil, ExitAlive},
		{"alive and the disk failed", nil, withAlive(failing(plan.Load)), errors.New("no space left"), ExitAlive},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			if tc.cells != nil {
				writeResults(t, dir, tc.cells)
			}
			var stdout, stderr bytes.Buffer
			app := &App{Stdout: &stdout, Stderr: &stderr}
			w := &workspace{root: filepath.Dir(dir), dir: dir}
			for _, asJSON := range []bool{false, true} {
				err := app.conclude(w, &plan.Plan{}, tc.outcome, tc.err, asJSON)
				if got := codeOf(err); got != tc.want {
					t.Errorf("json %v: exit code %d (%v), want %d\n%s", asJSON, got, err, tc.want, &stderr)
				}
			}
			if tc.want == ExitAlive && !bytes.Contains(stderr.Bytes(), []byte("id-7")) {
				t.Errorf("what is alive is not named:\n%s", &stderr)
			}
		})
	}
}

func writeResults(t *testing.T, dir string, cells []result.Cell) {
	t.Helper()
	var text bytes.Buffer
	if err := (result.Results{Cells: cells}).Encode(&text); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "report", "results.json")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// What is protected: that scripts which look for a code find it under its number.
func TestExitCodesAreStable(t *testing.T) {
	got := []int{ExitOK, ExitError, ExitChanges, ExitConfig, ExitCells, ExitObjectives, ExitTimeout, ExitAlive, ExitInterrupted}
	if want := "[0 1 2 3 4 5 6 7 130]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	for _, tc := range []struct {
		err  error
		want int
	}{{nil, 0}, {errors.New("x"), 1}, {errors.Join(errors.New("x"), silent(ExitObjectives)), 5}, {fmt.Errorf("y: %w", exit(ExitAlive, "z")), 7}} {
		if got := codeOf(tc.err); got != tc.want {
			t.Errorf("%v: code %d, want %d", tc.err, got, tc.want)
		}
	}
}
