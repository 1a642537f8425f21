package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/run"
	"github.com/strangeloopio/inferencex/schemas/plural"
)

type destroyFlags struct {
	dir           string
	wait, timeout time.Duration
}

func newDestroy(app *App) *cobra.Command {
	var f destroyFlags
	cmd := &cobra.Command{
		Use:   "destroy [RUN]",
		Short: "Release what the journal says may still be running",
		Long: `destroy releases what runs in the folder have created and not torn down, as their journal tells; of one run alone, if it is named. What a run in
progress holds is that run's: interrupt it, and it tears down. It exits with 7 if something may still be running, and says what. For what no journal
knows there is reap.`,
		Args: oneArg,
		RunE: func(cmd *cobra.Command, args []string) error { return app.destroy(cmd.Context(), f, args) },
	}
	registerRuns(cmd, &f.dir)
	registerWait(cmd, &f.wait)
	cmd.Flags().DurationVar(&f.timeout, "timeout", 5*time.Minute, "how long to try")
	return cmd
}

func (a *App) destroy(ctx context.Context, f destroyFlags, args []string) (err error) {
	alive, err := journal.Read(filepath.Join(f.dir, "journal.jsonl"))
	if err != nil {
		return err
	}
	wanted, err := a.wantedRun(f.dir, alive, args)
	if err != nil {
		return err
	}
	if alive = slices.DeleteFunc(alive, func(e journal.Entry) bool { return !wanted(e.Run) }); len(alive) == 0 {
		_, err := fmt.Fprintln(a.Stdout, "Nothing is recorded as running.")
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	w, err := a.openWorkspace(ctx, f.dir, "destroy", f.wait)
	var held *journal.HeldError
	if errors.As(err, &held) {
		return fmt.Errorf("%w; to have it torn down, interrupt it", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	alive = slices.DeleteFunc(w.journal.Live(), func(e journal.Entry) bool { return !wanted(e.Run) }) // some may have gone while we waited
	show := view.NewHuman(view.HumanConfig{
		Out: a.Stderr, Plan: &plan.Plan{Suite: "destroy"}, Headline: "releasing " + plural.Of(len(alive), "resource"), Colour: a.Colour,
	})
	defer show.Close()
	left := run.Destroy(ctx, run.Config{
		ID: w.id, Plan: &plan.Plan{}, Kinds: a.parts().Kinds(), Journal: w.journal,
		Events: event.NewBus(w.id, a.Now, show), Now: a.Now, Getenv: a.Getenv,
	}, alive, f.timeout)
	for _, e := range alive {
		if !slices.ContainsFunc(left, func(l journal.Entry) bool { return l.Record.Token == e.Record.Token }) {
			fmt.Fprintf(a.Stdout, "Gone: %s  %s\n", e.Record.Address, nameOfResource(e.Record.ID, e.Record.Token))
		}
	}
	if len(left) > 0 {
		return silent(a.abandon(f.dir, left))
	}
	return nil
}

func nameOfResource(id, token string) string {
	if id == "" {
		return "token " + token
	}
	return id + " (token " + token + ")"
}

// wantedRun returns which runs the arguments mean. The folder of a run may be gone while what it made lives.
func (a *App) wantedRun(root string, alive []journal.Entry, args []string) (func(run string) bool, error) {
	if len(args) == 0 {
		return func(string) bool { return true }, nil
	}
	name := args[0]
	if !slices.ContainsFunc(alive, func(e journal.Entry) bool { return e.Run == name }) {
		dir, err := findRun(root, name)
		if err != nil {
			return nil, err
		}
		name = filepath.Base(dir)
	}
	return func(run string) bool { return run == name }, nil
}
