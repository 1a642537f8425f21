package cli

import (
	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

func newSchema(app *App) *cobra.Command {
	var asJSON, asMarkdown, events bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the reference of the suite language",
		Long: `schema prints every block and argument of the language, with types, defaults and meaning, as the program decodes them: in Markdown, or
as a JSON Schema for *.hcl.json files and editors. With -events it prints the JSON Schema of what run -json writes instead.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON && asMarkdown || events && asMarkdown {
				return exit(ExitConfig, "-md is the language's alone, and excludes -json and -events")
			}
			text, err := app.schema(asJSON, events)
			if err == nil {
				_, err = app.Stdout.Write(text)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&events, "events", false, "the JSON Schema of events")
	cmd.Flags().BoolVar(&asJSON, "json", false, "a JSON Schema")
	cmd.Flags().BoolVar(&asMarkdown, "md", false, "Markdown, which is the default")
	return cmd
}

func (a *App) schema(asJSON, events bool) ([]byte, error) {
	switch {
	case events:
		return event.JSONSchema()
	case asJSON:
		return suite.JSONSchema(a.parts().SuiteOptions())
	default:
		return suite.Markdown(a.parts().SuiteOptions()), nil
	}
}
