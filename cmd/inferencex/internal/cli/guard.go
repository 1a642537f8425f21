package cli

import (
	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/stages/deploy/process"
)

// newGuard is the copy of this program that stands between it and a server that the process provider has started. People do not call it.
func newGuard(app *App) *cobra.Command {
	return &cobra.Command{
		Use:                "guard",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			return silent(process.Guard(args, app.Stdin, app.Stderr))
		},
	}
}
