package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/run"
	"github.com/strangeloopio/inferencex/schemas/result"
)

func newReport(app *App) *cobra.Command {
	var dir, format string
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "report [RUN]",
		Short: "Make the tables and charts of a run again",
		Long: `report makes the tables and charts of a run (the latest, if none is named) again from what is sealed. For a run that was
interrupted it reports what there is. RUN is a run's id or its folder.`,
		Args: oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.remake(cmd.Context(), dir, nameOf(args), format, wait)
		},
	}
	registerRuns(cmd, &dir)
	registerWait(cmd, &wait)
	cmd.Flags().StringVar(&format, "format", "", "print the results as md, csv or json `form` instead of the table")
	return cmd
}

func (a *App) remake(ctx context.Context, root, name, format string, wait time.Duration) error {
	if format != "" && !strings.Contains(" md csv json ", " "+format+" ") {
		return exit(ExitConfig, "-format %s: want md, csv or json", format)
	}
	dir, err := findRun(root, name)
	if err != nil {
		return err
	}
	p, err := plan.Read(filepath.Join(dir, "plan.json"))
	if err != nil {
		return err
	}
	outcome, err := a.rebuild(ctx, dir, p, wait)
	var kept *keptError
	if err != nil && !errors.As(err, &kept) {
		return err
	}
	if kept != nil {
		fmt.Fprintf(a.Stderr, "The report is left as it is: %v.\n", kept)
	}
	w := &workspace{id: filepath.Base(dir), root: filepath.Dir(dir), dir: dir}
	if format == "" {
		return a.conclude(w, p, outcome, nil, false)
	}
	verdict := a.conclude(w, p, outcome, nil, true)
	text, err := os.ReadFile(filepath.Join(dir, "report", "results."+format))
	if err == nil {
		_, err = a.Stdout.Write(text)
	}
	return errors.Join(err, verdict)
}

// keptError says why the report that a run has is not made again.
type keptError struct{ why string }

func (e *keptError) Error() string { return e.why }

// rebuild makes tables and charts again from what is sealed. A report that exists and says more than could be made now is kept, and so is one
// whose folder cannot be written to.
func (a *App) rebuild(ctx context.Context, dir string, p *plan.Plan, wait time.Duration) (_ run.Outcome, err error) {
	before, readErr := result.Read(filepath.Join(dir, "report", "results.json"))
	root := filepath.Dir(dir)
	if store, err := existingStore(root); readErr == nil && (err != nil || store == nil) {
		return keptOutcome(before), &keptError{"there are no checkpoints in " + filepath.Join(root, "store")}
	}
	w, err := a.openWorkspace(ctx, root, "report", wait)
	if err != nil {
		if readErr == nil {
			return keptOutcome(before), &keptError{err.Error()}
		}
		return run.Outcome{}, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	w.id, w.dir = filepath.Base(dir), dir
	manifest, err := run.ReadManifest(dir)
	if err != nil {
		return run.Outcome{}, err
	}
	why := map[addr.Step]string{}
	for _, f := range manifest.Failures {
		why[f.Load] = f.Why
	}
	p.ForReport(w.store, why)
	if lost := lostCells(before, p); lost > 0 {
		return keptOutcome(before), &keptError{fmt.Sprintf("the checkpoints of %d of its cells are gone or damaged", lost)}
	}
	show := view.NewHuman(view.HumanConfig{Out: a.Stderr, Plan: p, Headline: "report of run " + w.id, Colour: a.Colour})
	defer show.Close()
	return run.Run(ctx, run.Config{
		ID: w.id, Dir: w.dir, Plan: p, Kinds: a.parts().Kinds(), Store: w.store, Journal: w.journal,
		Events: event.NewBus(w.id, a.Now, show), Now: a.Now, Getenv: a.Getenv, Crash: w.crash,
	})
}

// keptOutcome is the outcome of a report that was not made: what its results tell.
func keptOutcome(results result.Results) run.Outcome {
	var o run.Outcome
	for _, cell := range results.Cells {
		if cell.Status == result.StatusOK {
			o.Steps = append(o.Steps, run.Result{Address: addr.Step{Kind: plan.Load}, State: run.Reused})
		}
	}
	return o
}

// lostCells counts the cells that have a result and no checkpoint any more.
func lostCells(before result.Results, p *plan.Plan) int {
	sealed := map[string]bool{}
	for _, step := range p.Steps {
		if step.Action == plan.Reuse {
			sealed[step.Address.String()] = true
		}
	}
	lost := 0
	for _, cell := range before.Cells {
		if cell.Status == result.StatusOK && !sealed[cell.Address] {
			lost++
		}
	}
	return lost
}

// findRun returns the folder of the run that name means: an id below root, or a folder.
func findRun(root, name string) (string, error) {
	for _, path := range []string{filepath.Join(root, name), name} {
		resolved, err := filepath.EvalSymlinks(path)
		if err != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(resolved, "plan.json")); err == nil {
			return filepath.Abs(resolved)
		}
	}
	return "", exit(ExitConfig, "there is no run %q in %s: %s", name, root, runsThere(root))
}

func runsThere(root string) string {
	plans, _ := filepath.Glob(filepath.Join(root, "*", "plan.json"))
	var ids []string
	for _, path := range plans {
		if id := filepath.Base(filepath.Dir(path)); id != "latest" && id[0] != '.' {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return "it holds no runs; -dir names another folder"
	}
	return fmt.Sprintf("there are %s", strings.Join(ids, ", "))
}
