package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/stages/client/nullserver"
	"github.com/strangeloopio/inferencex/stages/load/ceiling"
)

func newCalibrate(app *App) *cobra.Command {
	var asJSON bool
	var budget time.Duration
	cmd := &cobra.Command{
		Use:   "calibrate",
		Short: "Find out how many streams this machine's client keeps up with",
		Long: `calibrate puts loads on a server that does no work, in a process of its own on this machine, and holds the times that the client
measures against those that the server stamped. It doubles the streams until the client adds to them what would show in a result.

What it finds is kept for this user and machine. plan and run warn of cells with more users, and a cell to which more chunks came in
a second than the client was found to keep up with is not valid. Nothing else should be running here meanwhile.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return app.calibrate(cmd.Context(), budget, asJSON) },
	}
	cmd.Flags().DurationVar(&budget, "budget", 30*time.Second, "begin no load that would end `later`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *App) calibrate(ctx context.Context, budget time.Duration, asJSON bool) error {
	if budget <= 0 {
		return exit(ExitConfig, "-budget %v: want a time above 0, such as 30s", budget)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "inferencex-calibrate-")
	if err != nil {
		return fmt.Errorf("make a folder for the loads: %w", err)
	}
	defer os.RemoveAll(dir)
	cfg := ceiling.Config{
		Server: []string{a.Executable, "null-server"}, Dir: dir, Now: a.Now, Budget: budget, Machine: thisMachine(), Version: versionString(),
	}
	if !asJSON {
		view.PointsHeading(a.Stdout)
		cfg.Report = func(p ceiling.Point) { view.Point(a.Stdout, p) }
	}
	found, points, err := ceiling.Find(ctx, cfg)
	if ctx.Err() != nil {
		return silent(ExitInterrupted)
	}
	if err != nil {
		return err
	}
	path, err := a.keepCeiling(found)
	if err != nil {
		return err
	}
	if asJSON {
		return view.JSON(a.Stdout, map[string]any{"ceiling": found, "points": points, "kept_in": path})
	}
	return view.Ceiling(a.Stdout, found, path)
}

// newNullServer is the process that calibrate measures against. People do not call it.
func newNullServer(app *App) *cobra.Command {
	return &cobra.Command{
		Use:    "null-server",
		Hidden: true,
		Args:   noArgs,
		RunE: func(*cobra.Command, []string) error {
			return silent(nullserver.Main(app.Stdin, app.Stdout, app.Stderr))
		},
	}
}
