package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/configs"
)

func newInit(app *App) *cobra.Command {
	var list bool
	cmd := &cobra.Command{
		Use:   "init [NAME]",
		Short: "Write a ready suite to start from",
		Long:  "init copies one of the suites that inferencex brings along into the current folder. Without a name it is quickstart, which needs no GPU.",
		Args:  oneArg,
		RunE: func(_ *cobra.Command, args []string) error {
			if list {
				_, err := fmt.Fprintln(app.Stdout, strings.Join(configs.Names(), "\n"))
				return err
			}
			name := "quickstart"
			if len(args) > 0 {
				name = args[0]
			}
			return app.writeSuite(name)
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "list the suites that there are")
	return cmd
}

// writeSuite writes the files of a suite, or none of them if one is there already.
func (a *App) writeSuite(name string) error {
	files, err := configs.Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return exit(ExitConfig, "there is no suite %q; there are: %s", name, strings.Join(configs.Names(), ", "))
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		if _, err := os.Lstat(f.Name); err == nil {
			return exit(ExitConfig, "%s is there already; move it away first, nothing was overwritten", f.Name)
		}
	}
	var names []string
	for _, f := range files {
		if err := writeNew(f); err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
		names = append(names, f.Name)
	}
	_, err = fmt.Fprintf(a.Stdout, "Wrote %s. Next: inferencex plan %s, then inferencex run %s\n", strings.Join(names, " and "), names[0], names[0])
	return err
}

// writeNew writes a file where none is.
func writeNew(f configs.File) error {
	file, err := os.OpenFile(f.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(f.Text)
	return errors.Join(err, file.Close())
}
