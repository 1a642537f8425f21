package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
)

func newPlan(app *App) *cobra.Command {
	var f suiteFlags
	cmd := &cobra.Command{
		Use:   "plan [SUITE]",
		Short: "Show what run would do, and why",
		Args:  oneArg,
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := app.load(f, args)
			if err != nil {
				return err
			}
			store, err := existingStore(f.dir)
			if err != nil {
				return err
			}
			p, err := app.plan(l, f, store)
			if err != nil {
				return err
			}
			if f.json {
				return view.JSON(app.Stdout, p)
			}
			return view.Plan(app.Stdout, p)
		},
	}
	f.register(cmd)
	f.registerDir(cmd)
	f.registerTarget(cmd)
	return cmd
}

// existingStore opens the checkpoint store of a folder of runs, or returns nil if there is none: looking must not create.
func existingStore(dir string) (*checkpoint.Store, error) {
	path := filepath.Join(dir, "store")
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return nil, nil
	}
	return checkpoint.Open(path)
}
