package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/sweep"
)

type gcFlags struct {
	suiteFlags
	yes             bool
	keep            int
	olderThan, wait time.Duration
}

func newGC(app *App) *cobra.Command {
	var f gcFlags
	cmd := &cobra.Command{
		Use:   "gc [SUITE | PLAN]...",
		Short: "Remove checkpoints and attempts that nobody needs any more",
		Long: `gc lists the checkpoints that no run in the folder has sealed or used, those that newer ones have replaced, and what attempts have left for
diagnosis; with -yes it removes them. With -keep N all runs but the newest N of each suite go, too, and the checkpoints that only they have sealed
or used. What the suites and saved plans that are named would use stays, and a run whose deployments may be alive does.`,
		RunE: func(cmd *cobra.Command, args []string) error { return app.gc(cmd.Context(), f, args) },
	}
	f.register(cmd)
	f.registerDir(cmd)
	registerWait(cmd, &f.wait)
	cmd.Flags().BoolVar(&f.yes, "yes", false, "remove what is listed")
	cmd.Flags().IntVar(&f.keep, "keep", 0, "remove all but the newest `N` runs of each suite; 0: all runs stay")
	cmd.Flags().DurationVar(&f.olderThan, "older-than", 7*24*time.Hour, "leave what is younger than this `time`")
	return cmd
}

func (a *App) gc(ctx context.Context, f gcFlags, args []string) (err error) {
	if f.keep < 0 {
		return exit(ExitConfig, "-keep %d: want how many runs of each suite are to stay, or 0 for all", f.keep)
	}
	store, err := existingStore(f.dir)
	if err != nil {
		return err
	}
	if store == nil {
		return exit(ExitConfig, "there are no checkpoints in %s; -dir names another folder", f.dir)
	}
	if f.yes {
		w, err := a.openWorkspace(ctx, f.dir, "gc", f.wait)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, w.close()) }()
		store = w.store
	}
	cfg := sweep.Config{Root: f.dir, Store: store, Before: a.Now().Add(-f.olderThan), Keep: f.keep}
	if sight, held, err := journal.Look(f.dir, a.Now()); err == nil && held && sight.Alive {
		cfg.Busy = sight.Holder.Run
	}
	if cfg.Plans, err = a.plansOf(f.suiteFlags, args, store); err != nil {
		return err
	}
	items, err := sweep.Find(cfg)
	if err != nil {
		return err
	}
	if err := view.Sweep(a.Stdout, items, f.yes, f.json, a.Now(), f.olderThan); err != nil || !f.yes {
		return err
	}
	for _, item := range items {
		if err := sweep.Remove(cfg, item); err != nil {
			return err
		}
	}
	return nil
}

// plansOf returns the plans of suites and saved plans.
func (a *App) plansOf(f suiteFlags, args []string, store *checkpoint.Store) ([]*plan.Plan, error) {
	var plans []*plan.Plan
	for _, arg := range args {
		if _, err := os.Stat(arg); err != nil {
			return nil, exit(ExitConfig, "%w", err)
		}
		saved, err := openSaved(arg)
		if err != nil {
			return nil, err
		}
		if saved != nil {
			plans = append(plans, saved.Plan)
			continue
		}
		l, err := a.load(f, []string{arg})
		if err != nil {
			return nil, err
		}
		p, err := a.plan(l, f, store)
		if err != nil {
			return nil, fmt.Errorf("plan %s: %w", arg, err)
		}
		plans = append(plans, p)
	}
	return plans, nil
}
