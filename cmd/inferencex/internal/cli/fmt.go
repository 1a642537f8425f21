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
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/schemas/suite/source"
)

type fmtFlags struct{ check, diff, recursive bool }

func newFmt(app *App) *cobra.Command {
	var f fmtFlags
	cmd := &cobra.Command{
		Use:   "fmt [FILE | FOLDER | -]...",
		Short: "Write suites in the one way they are written",
		Long: `fmt rewrites suites (the current folder's, if none is named) with the usual alignment and indentation, and prints the names of those
that it changed. - reads standard input and writes standard output; with -check or -diff it says of it what it would say of a file.`,
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
	changed, broken := false, false
	for _, arg := range args {
		texts, err := a.texts(arg, f.recursive)
		if err != nil {
			return err
		}
		for _, text := range texts {
			differs, err := a.formatText(f, text)
			var told *exitError
			if errors.As(err, &told) && told.err == nil { // it has been said: the others are formatted none the less
				broken = true
				continue
			}
			if err != nil {
				return err
			}
			changed = changed || differs
		}
	}
	switch {
	case broken:
		return silent(ExitConfig)
	case f.check && changed:
		return silent(ExitCells)
	}
	return nil
}

// unformatted is a suite's text before it is formatted.
type unformatted struct {
	name string
	path string // empty: standard input
	text []byte
}

// texts are those that an argument means.
func (a *App) texts(arg string, recursive bool) ([]unformatted, error) {
	if arg == "-" {
		text, err := io.ReadAll(a.Stdin)
		return []unformatted{{name: "standard input", text: text}}, err
	}
	paths, err := suiteFiles(arg, recursive)
	if err != nil {
		return nil, err
	}
	var out []unformatted
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		out = append(out, unformatted{path, path, text})
	}
	return out, nil
}

// formatText formats one text and reports whether that changes it. Of standard input, the formatted text goes to standard output, unless
// that is asked for something else.
func (a *App) formatText(f fmtFlags, from unformatted) (changed bool, err error) {
	formatted, err := a.formatted(from.name, from.text)
	if err != nil {
		return false, err
	}
	changed = !bytes.Equal(from.text, formatted)
	if from.path == "" && !f.check && !f.diff {
		_, err := a.Stdout.Write(formatted)
		return changed, err
	}
	if !changed {
		return false, nil
	}
	fmt.Fprintln(a.Stdout, from.name)
	if f.diff {
		if _, err := a.Stdout.Write(diff.Diff(from.name, from.text, from.name, formatted)); err != nil {
			return true, err
		}
	}
	if f.check || from.path == "" {
		return true, nil
	}
	return true, rewrite(from.path, formatted)
}

// rewrite puts a text in place of a file's, whose permissions and whose links stay.
func rewrite(path string, text []byte) error {
	file, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if err := durable.WriteFile(file, text); err != nil {
		return err
	}
	return os.Chmod(file, info.Mode().Perm())
}

// formatted returns the text as it is to be written. Text that does not parse is left alone: what is wrong with it is printed.
func (a *App) formatted(name string, text []byte) ([]byte, error) {
	file, diags := source.Syntax(name, text)
	if diags.HasErrors() {
		err := view.Diagnostics(a.Stderr, a.Stdout, diags, map[string]*hcl.File{name: file}, false, a.Colour)
		if err == nil {
			err = silent(ExitConfig)
		}
		return nil, err
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
