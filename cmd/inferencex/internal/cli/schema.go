package cli

import (
	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/reference"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

func newSchema(app *App) *cobra.Command {
	var f schemaFlags
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the reference of the suite language",
		Long: `schema prints every block and argument of the language, with types, defaults and meaning, as the program decodes them: in Markdown, or
as a JSON Schema for *.hcl.json files and editors. With -events it prints the JSON Schema of what run -json writes instead, with -metrics every
metric and validity code, with -tables the columns of the Parquet files.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			text, err := app.schema(f)
			if err == nil {
				_, err = app.Stdout.Write(text)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&f.events, "events", false, "the JSON Schema of events")
	cmd.Flags().BoolVar(&f.json, "json", false, "a JSON Schema")
	cmd.Flags().BoolVar(&f.markdown, "md", false, "Markdown, which is the default")
	cmd.Flags().BoolVar(&f.metrics, "metrics", false, "metrics and validity codes, in Markdown")
	cmd.Flags().BoolVar(&f.tables, "tables", false, "the columns of the Parquet files, in Markdown")
	return cmd
}

// schemaFlags choose one text.
type schemaFlags struct{ events, json, markdown, metrics, tables bool }

func (a *App) schema(f schemaFlags) ([]byte, error) {
	chosen := 0
	for _, given := range []bool{f.events, f.json && !f.events, f.markdown, f.metrics, f.tables} { // events are told as a JSON Schema
		if given {
			chosen++
		}
	}
	switch {
	case chosen > 1 || f.json && (f.metrics || f.tables):
		return nil, exit(ExitConfig, "-json, -md, -events, -metrics and -tables each ask for another text: give one of them")
	case f.events:
		return event.JSONSchema()
	case f.metrics:
		return reference.Metrics(), nil
	case f.tables:
		return reference.Tables(), nil
	case f.json:
		return suite.JSONSchema(a.parts().SuiteOptions())
	default:
		return suite.Markdown(a.parts().SuiteOptions()), nil
	}
}
