package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/run"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
)

func newRun(app *App) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [SUITE | PLAN]",
		Short: "Measure what is not measured yet, and report",
		Long: `run plans the suite and carries the plan out. Cells that are sealed under the same recipe are used again, so running
the same suite again goes on where the last run stopped. Whatever was deployed is torn down, also after ^C.`,
		Args: oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.timeout < 0 {
				return exit(ExitConfig, "-timeout %s: want a time such as 90m, or 0 for as long as it takes", f.timeout)
			}
			return app.run(cmd.Context(), f, args)
		},
	}
	cmd.Flags().DurationVar(&f.timeout, "timeout", 0, "end the run after this `time`: cancel what is measured, tear down, report what there is, and exit with 6")
	f.register(cmd)
	f.registerDir(cmd)
	f.registerTarget(cmd)
	registerWait(cmd, &f.wait)
	return cmd
}

type runFlags struct {
	suiteFlags
	timeout, wait time.Duration
}

func (a *App) run(ctx context.Context, f runFlags, args []string) (err error) {
	var saved *savedPlan
	if len(args) > 0 {
		if saved, err = openSaved(args[0]); err != nil {
			return err
		}
	}
	if saved != nil {
		if f.suiteFlags, err = saved.flags(f.suiteFlags); err != nil {
			return err
		}
		args = []string{saved.Suite}
	}
	l, err := a.load(f.suiteFlags, args)
	if err != nil {
		return err
	}
	draft, err := a.draft(l, f.suiteFlags, saved)
	if err != nil {
		return err // before a folder is made
	}
	w, err := a.openWorkspace(ctx, f.dir, l.Name, f.wait)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	p, diags, err := draft.Decide(w.store)
	if err := errors.Join(err, a.report(l, f.json, diags)); err != nil {
		return err
	}
	p.Warnings = append(p.Warnings, a.beyondCeiling(p)...)
	manifest := a.manifest(w, l, p)
	if err := w.begin(l, p, manifest); err != nil {
		return err
	}
	outcome, runErr := a.execute(ctx, w, p, f)
	verdict := a.conclude(w, p, outcome, runErr, f.json)
	if err := a.closeManifest(w, manifest, outcome, codeOf(verdict)); err != nil {
		return &exitError{max(codeOf(verdict), ExitError), errors.Join(verdict, err)}
	}
	return verdict
}

// draft makes the plan as far as that goes without holding anything, so that what is wrong with it comes before a folder is made. Where nothing is
// sealed yet, and for a saved plan, that is all of it; else what is sealed is looked up later, once.
func (a *App) draft(l *loaded, f suiteFlags, saved *savedPlan) (*plan.Draft, error) {
	cfg, err := a.planConfig(l, f)
	if err != nil {
		return nil, err
	}
	draft, diags := plan.NewDraft(cfg)
	if err := a.report(l, f.json, diags); err != nil {
		return nil, err
	}
	store, err := existingStore(f.dir)
	if err != nil || (store != nil && saved == nil) {
		return draft, err
	}
	p, diags, err := draft.Decide(store)
	if err != nil {
		return nil, err
	}
	if diags.HasErrors() {
		return nil, a.report(l, f.json, diags)
	}
	p.Warnings = append(p.Warnings, a.beyondCeiling(p)...)
	if saved != nil {
		err = saved.check(p)
	}
	return draft, err
}

// progressEvery is how often the file of events notes how far a step is, for status.
const progressEvery = 5 * time.Second

// execute carries the plan out while telling what happens to the run's events file and to the user.
func (a *App) execute(ctx context.Context, w *workspace, p *plan.Plan, f runFlags) (outcome run.Outcome, err error) {
	path := filepath.Join(w.dir, "events.jsonl")
	file, err := os.Create(path)
	if err != nil {
		return run.Outcome{}, durable.Error("write", path, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	log := event.NewLines(file)
	log.Skip = event.Sparse(progressEvery)
	var show view.Run = view.NewHuman(view.HumanConfig{Out: a.Stderr, Plan: p, Headline: view.Sum(p), Terminal: a.Terminal, Colour: a.Colour})
	if f.json {
		show = view.NewLines(a.Stdout, a.Stderr)
	}
	defer show.Close()
	ctx, stop := a.interruptible(ctx, w, show.Talk())
	defer func() { err = errors.Join(err, stop()) }()
	cfg := run.Config{
		ID: w.id, Dir: w.dir, Plan: p, Kinds: a.parts().Kinds(), Store: w.store, Journal: w.journal,
		Events: event.NewBus(w.id, a.Now, log, show), Now: a.Now, Getenv: a.Getenv, Timeout: f.timeout,
		Crash: w.crash,
	}
	cfg.Adopt = run.Recover(ctx, cfg)
	outcome, err = run.Run(ctx, cfg)
	return outcome, errors.Join(err, durable.Error("write", path, log.Err()), w.lease.Err())
}

// interruptible ends the context at the first ^C, SIGTERM or SIGHUP and the process at the second, saying what it leaves. A reader that has
// gone away ends nothing: what is written to it is lost, and the run goes on. A lease that is lost ends the context, too.
func (a *App) interruptible(
	parent context.Context, w *workspace, talk io.Writer,
) (_ context.Context, stop func() error) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as it is under nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	signal.Ignore(syscall.SIGPIPE)
	done := make(chan struct{})
	listening := crew.Crew{Stop: cancel}
	listening.Go(func() error {
		lost := w.lease.Lost()
		for n := 0; ; {
			select {
			case <-done:
				return nil
			case <-lost:
				lost = nil
				cancel(w.lease.Err())
				continue
			case <-signals:
				n++
			}
			if n > 1 {
				a.Quit(a.abandon(w.root, w.journal.Live()))
			}
			fmt.Fprintln(talk, "Interrupted: canceling what runs and tearing down. ^C again leaves at once.")
			cancel(context.Canceled)
		}
	})
	return ctx, func() error {
		signal.Stop(signals)
		close(done)
		defer cancel(nil)
		return listening.Wait()
	}
}

// abandon says what may still be running and returns the exit code that goes with it.
func (a *App) abandon(root string, alive []journal.Entry) int {
	if len(alive) == 0 {
		return ExitInterrupted
	}
	view.Alive(a.Stderr, root, alive)
	return ExitAlive
}

// conclude prints the results and turns the outcome into the error that carries the exit code.
func (a *App) conclude(w *workspace, p *plan.Plan, o run.Outcome, runErr error, asJSON bool) error {
	results, readErr := result.Read(filepath.Join(w.dir, "report", "results.json"))
	reported := readErr == nil && o.End != run.Interrupted
	if !asJSON {
		view.Conclusion(a.Stdout, a.Stderr, view.Ending{Dir: w.dir, Plan: p, Outcome: o, Results: results, Reported: reported, Width: a.Width})
	}
	if len(o.Alive) > 0 {
		return &exitError{a.abandon(w.root, o.Alive), runErr}
	}
	switch {
	case runErr != nil:
		return runErr
	case panicked(o):
		return silent(ExitError) // the step that failed has told the stack
	case o.End == run.Interrupted:
		return silent(ExitInterrupted)
	case o.End == run.TimedOut:
		return silent(ExitTimeout)
	case !reported || failed(o, plan.Plot):
		return silent(ExitError) // what failed has been told
	case len(o.Failures()) > 0:
		return silent(ExitCells)
	}
	return verdictOf(results)
}

// failed reports whether the step of a kind failed.
func failed(o run.Outcome, kind string) bool {
	return slices.ContainsFunc(o.Failures(), func(r run.Result) bool { return r.Address.Kind == kind })
}

// panicked reports whether a step failed by a bug of this program.
func panicked(o run.Outcome) bool {
	return slices.ContainsFunc(o.Failures(), func(r run.Result) bool {
		return stage.ReasonOf(r.Err) == stage.ReasonPanic
	})
}

// verdictOf judges the cells.
func verdictOf(results result.Results) error {
	missed := false
	for _, cell := range results.Cells {
		if cell.Status != "ok" || cell.Validity == "invalid" {
			return silent(ExitCells)
		}
		missed = missed || len(cell.SLOMissed) > 0
	}
	if missed {
		return silent(ExitObjectives)
	}
	return nil
}

func (a *App) closeManifest(w *workspace, m run.Manifest, o run.Outcome, code int) error {
	w.crash.At(manifestClosed)
	ended := a.Now().UTC()
	m.Ended, m.ExitCode = &ended, &code
	m.Cells.Measured, m.Cells.Reused, m.Failures = o.Measured(), o.Reused(), o.Missing
	switch {
	case o.End == run.Interrupted || o.End == run.TimedOut:
		m.Status = string(o.End)
	case code == ExitOK:
		m.Status = run.StatusDone
	default:
		m.Status = run.StatusFailed
	}
	return m.WriteAt(w.dir, w.crash, closedStaged, runClosed)
}
