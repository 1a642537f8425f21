package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/durable"
)

type fmtFlags struct{ check, diff, recursive bool }

func newFmt(app *App) *cobra.Command {
	var f fmtFlags
	cmd := &cobra.Command{
		Use:   "fmt [FILE | FOLDER | -]...",
		Short: "Write suites in the one way they are written",
		Long: `fmt rewrites suites (the current folder's, if none is named) with the usual alignment and indentation, and prints the names of those
that it changed. - reads standard input and writes standard output.`,
		RunE: func(_ *cobra.Command, args []string) error { return app.format(f, args) },
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "write nothing; exit with 4 if a file is not formatted")
	cmd.Flags().BoolVar(&f.diff, "diff", false, "print what changes")
	cmd.Flags().BoolVar(&f.recursive, "recursive", false, "go into folders")
	return cmd
}

func (a *App) format(f fmtFlags, args []string) error {
	if len(args) == 0 {
		args = []string{"."}
	}
	changed := false
	for _, arg := range args {
		if arg == "-" {
			return a.formatStdin()
		}
		paths, err := suiteFiles(arg, f.recursive)
		if err != nil {
			return err
		}
		for _, path := range paths {
			differs, err := a.formatFile(f, path)
			if err != nil {
				return err
			}
			changed = changed || differs
		}
	}
	if f.check && changed {
		return silent(ExitCells)
	}
	return nil
}

func (a *App) formatStdin() error {
	text, err := io.ReadAll(a.Stdin)
	if err != nil {
		return err
	}
	formatted, err := a.formatted("standard input", text)
	if err == nil {
		_, err = a.Stdout.Write(formatted)
	}
	return err
}

// formatFile formats one file and reports whether that changes it.
func (a *App) formatFile(f fmtFlags, path string) (changed bool, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	formatted, err := a.formatted(path, text)
	if err != nil || bytes.Equal(text, formatted) {
		return false, err
	}
	fmt.Fprintln(a.Stdout, path)
	if f.diff {
		if _, err := a.Stdout.Write(diff.Diff(path, text, path, formatted)); err != nil {
			return true, err
		}
	}
	if f.check {
		return true, nil
	}
	return true, durable.WriteFile(path, formatted)
}

// formatted returns the text as it is to be written. Text that does not parse is left alone: what is wrong with it is printed.
func (a *App) formatted(name string, text []byte) ([]byte, error) {
	file, diags := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
	if diags.HasErrors() {
		err := view.Diagnostics(a.Stderr, a.Stdout, diags, map[string]*hcl.File{name: file}, false, a.Colour)
		return nil, errors.Join(err, silent(ExitConfig))
	}
	return hclwrite.Format(text), nil
}

// suiteFiles returns the *.hcl files that path means: itself, or those of a folder.
func suiteFiles(path string, recursive bool) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, exit(ExitConfig, "%w", err)
	}
	if !info.IsDir() {
		if !strings.HasSuffix(path, ".hcl") {
			return nil, exit(ExitConfig, "%s is no .hcl file: fmt formats those alone", path)
		}
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(at string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && at != path && (!recursive || strings.HasPrefix(d.Name(), ".") || d.Name() == "runs"):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(at, ".hcl"):
			files = append(files, at)
		}
		return nil
	})
	slices.Sort(files)
	return files, err
}
