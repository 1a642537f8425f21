package cli

import (
	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/schemas/suite"
)

func newSchema(app *App) *cobra.Command {
	var asJSON, asMarkdown bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the reference of the suite language",
		Long: `schema prints every block and argument of the language, with types, defaults and meaning, as the program decodes them: in Markdown, or
as a JSON Schema for *.hcl.json files and editors.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON && asMarkdown {
				return exit(ExitConfig, "-json and -md exclude each other")
			}
			text := suite.Markdown(app.parts().SuiteOptions())
			if asJSON {
				var err error
				if text, err = suite.JSONSchema(app.parts().SuiteOptions()); err != nil {
					return err
				}
			}
			_, err := app.Stdout.Write(text)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "a JSON Schema")
	cmd.Flags().BoolVar(&asMarkdown, "md", false, "Markdown, which is the default")
	return cmd
}
