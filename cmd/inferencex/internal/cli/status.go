package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/status"
)

func newStatus(app *App) *cobra.Command {
	var dir string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [RUN]",
		Short: "Show how far a run is",
		Long: `status tells from a run's files how far it is (the latest, if none is named), whether its process lives, how long the rest takes, and what may
be alive outside of it. It exits with 7 if that is something that no living process looks after. RUN is a run's id or its folder.`,
		Args: oneArg,
		RunE: func(_ *cobra.Command, args []string) error { return app.status(dir, nameOf(args), asJSON) },
	}
	registerRuns(cmd, &dir)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON to stdout")
	return cmd
}

func (a *App) status(root, name string, asJSON bool) error {
	dir, err := findRun(root, name)
	if err != nil {
		return err
	}
	now := a.Now()
	s, err := status.Read(dir, now)
	if err != nil {
		return err
	}
	if asJSON {
		err = view.JSON(a.Stdout, s)
	} else {
		err = view.Status(a.Stdout, s, now, a.Colour && a.Width > 0)
	}
	if err != nil {
		return err
	}
	if len(s.Resources) > 0 && (s.Holder == nil || !s.Holder.Alive) {
		fmt.Fprintf(a.Stderr, "No living process looks after the resources above: inferencex destroy -dir %s releases them.\n", root)
		return silent(ExitAlive)
	}
	return nil
}

// nameOf returns the run that the arguments name, or the latest.
func nameOf(args []string) string {
	if len(args) > 0 {
		return args[0]
	}
	return "latest"
}

// registerRuns adds the flag that says where the runs are.
func registerRuns(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "dir", "runs", "`folder` of runs and checkpoints")
}
