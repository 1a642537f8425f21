package cli

import (
	"bufio"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/spf13/cobra"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

func newConsole(app *App) *cobra.Command {
	var f suiteFlags
	cmd := &cobra.Command{
		Use:   "console [SUITE]",
		Short: "Try expressions against a suite",
		Long: `console reads expressions from standard input, one a line, and prints their values: what var.x is, what a for expression makes, what
range(4) gives. Empty lines and comments are passed over. It ends with the input.`,
		Args: oneArg,
		RunE: func(_ *cobra.Command, args []string) error {
			options, err := app.options(f)
			if err != nil {
				return err
			}
			console, files, diags := suite.NewConsole(pathOf(args), options)
			if err := app.report(&loaded{files: files}, f.json, diags); err != nil {
				return err
			}
			return app.converse(console, files, f.json)
		},
	}
	f.register(cmd)
	return cmd
}

// longestLine is the most that one expression may be: as much as a file of a suite.
const longestLine = 1 << 20

// converse answers each line of standard input.
func (a *App) converse(console *suite.Console, files map[string]*hcl.File, asJSON bool) error {
	failed := false
	lines := bufio.NewScanner(a.Stdin)
	lines.Buffer(nil, longestLine)
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") || strings.HasPrefix(text, "//") {
			continue
		}
		value, diags := console.Eval(text, number)
		if diags.HasErrors() {
			failed = true
			files[suite.ConsoleFile] = &hcl.File{Bytes: []byte(strings.Repeat("\n", number-1) + text)}
			if err := view.Diagnostics(a.Stderr, a.Stdout, diags, files, asJSON, a.Colour); err != nil {
				return err
			}
			continue
		}
		if _, err := fmt.Fprintln(a.Stdout, written(value, asJSON)); err != nil {
			return err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return exit(ExitConfig, "read standard input: a line is longer than %d bytes, which no expression needs", longestLine)
	case err != nil:
		return fmt.Errorf("read standard input: %w", err)
	case failed:
		return silent(ExitConfig)
	}
	return nil
}

// written returns a value as the language writes it, or as JSON.
func written(v cty.Value, asJSON bool) string {
	if !v.IsWhollyKnown() {
		return "(not known before the suite runs)"
	}
	if asJSON {
		if text, err := block.CanonicalJSON(v); err == nil {
			return string(text)
		}
	}
	return string(hclwrite.Format(hclwrite.TokensForValue(v).Bytes()))
}
