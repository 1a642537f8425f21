package cli

import (
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/plan"
)

func newPlan(app *App) *cobra.Command {
	var f suiteFlags
	var detailed, vars bool
	var out string
	cmd := &cobra.Command{
		Use:   "plan [SUITE]",
		Short: "Show what run would do, and why",
		Args:  oneArg,
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := app.load(f, args)
			if err != nil {
				return err
			}
			if vars {
				return view.Variables(app.Stdout, l.Variables, f.json)
			}
			p, err := app.planOverExisting(l, f)
			if err != nil {
				return err
			}
			show := view.Plan
			if f.json {
				show = func(out io.Writer, p *plan.Plan) error { return view.JSON(out, p) }
			}
			if err := show(app.Stdout, p); err != nil {
				return err
			}
			if out != "" {
				if err := app.savePlan(out, f, args, l, p); err != nil {
					return err
				}
			}
			if detailed && p.Count("", plan.Run) > 0 {
				return silent(ExitChanges)
			}
			return nil
		},
	}
	f.register(cmd)
	f.registerDir(cmd)
	f.registerTarget(cmd)
	cmd.Flags().StringVar(&out, "out", "", "save the plan to a `file`; inferencex run FILE runs it if it still holds")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 if there is something to do, and with 0 if not")
	cmd.Flags().BoolVar(&vars, "explain-vars", false, "list the variables with the source that gave each its value, and stop")
	return cmd
}

// planOverExisting builds the plan over what is sealed, holding and creating nothing.
func (a *App) planOverExisting(l *loaded, f suiteFlags) (*plan.Plan, error) {
	store, err := existingStore(f.dir)
	if err != nil {
		return nil, err
	}
	return a.plan(l, f, store)
}

// existingStore opens the checkpoint store of a folder of runs, or returns nil if there is none: looking must not create.
func existingStore(dir string) (*checkpoint.Store, error) {
	path := filepath.Join(dir, "store")
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return nil, nil
	}
	return checkpoint.Open(path)
}
