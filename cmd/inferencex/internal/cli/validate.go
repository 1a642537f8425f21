package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/pipeline/plan"
)

func newValidate(app *App) *cobra.Command {
	var f suiteFlags
	cmd := &cobra.Command{
		Use:   "validate [SUITE]",
		Short: "Check a suite without running it",
		Long:  "validate reads a suite (a file, or a folder of them; the current folder if none is named) and reports every mistake in it at once.",
		Args:  oneArg,
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := app.load(f, args)
			if err != nil {
				return err
			}
			p, err := app.plan(l, f, nil)
			if err != nil || f.json {
				return err
			}
			fmt.Fprintf(app.Stdout, "%s is valid: %d cells on %d deployments.\n", p.Suite, p.Cells(), p.Count(plan.Deploy, plan.Run))
			return nil
		},
	}
	f.register(cmd)
	return cmd
}
