package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
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
			if err != nil {
				return err
			}
			deployments := p.Count(plan.Deploy, plan.Run)
			if f.json {
				return json.NewEncoder(app.Stdout).Encode(map[string]any{"valid": true, "suite": p.Suite, "cells": p.Cells(), "deployments": deployments})
			}
			_, err = fmt.Fprintf(app.Stdout, "%s is valid: %s on %s.\n", p.Suite, view.Count(p.Cells(), "cell"), view.Count(deployments, "deployment"))
			return err
		},
	}
	f.register(cmd)
	return cmd
}
