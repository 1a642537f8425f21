package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/schemas/plural"
)

func newValidate(app *App) *cobra.Command {
	var f suiteFlags
	cmd := &cobra.Command{
		Use:   "validate [SUITE]",
		Short: "Check a suite without running it",
		Long:  "validate reads a suite (a file, or a folder of them; the current folder if none is named) and reports every mistake in it at once.",
		Args:  oneArg,
		RunE:  func(_ *cobra.Command, args []string) error { return app.validate(f, args) },
	}
	f.register(cmd)
	return cmd
}

// verdict is what validate -json prints: one document, whatever is found.
type verdict struct {
	Valid       bool              `json:"valid"`
	Suite       string            `json:"suite,omitempty"`
	Cells       int               `json:"cells,omitempty"`
	Deployments int               `json:"deployments,omitempty"`
	Diagnostics []view.Diagnostic `json:"diagnostics"`
}

func (a *App) validate(f suiteFlags, args []string) error {
	l, diags, err := a.read(f, args)
	if err != nil {
		return err
	}
	var found verdict
	if l.Suite != nil {
		p, more, err := a.build(l, f, nil)
		if err != nil {
			return err
		}
		if diags = append(diags, more...); p != nil {
			found = verdict{Valid: !diags.HasErrors(), Suite: p.Suite, Cells: p.Cells(), Deployments: p.Count(plan.Deploy, plan.Run)}
		}
	}
	if f.json {
		found.Diagnostics = view.DiagnosticList(diags)
		if err := json.NewEncoder(a.Stdout).Encode(found); err != nil {
			return err
		}
	} else if err := a.report(l, false, diags); err != nil {
		return err
	}
	switch {
	case diags.HasErrors():
		return silent(ExitConfig)
	case f.json:
		return nil
	}
	_, err = fmt.Fprintf(a.Stdout, "%s is valid: %s on %s.\n", found.Suite, plural.Of(found.Cells, "cell"), plural.Of(found.Deployments, "deployment"))
	return err
}
