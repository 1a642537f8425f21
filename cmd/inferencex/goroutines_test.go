package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// forbidden starts goroutines in which nobody catches a panic: it would end the process, and every
// deployment would live on.
var forbidden = map[string]string{
	"(*sync.WaitGroup).Go": "WaitGroup.Go",
	"time.AfterFunc":       "time.AfterFunc",
	"context.AfterFunc":    "context.AfterFunc",
	"runtime.AddCleanup":   "runtime.AddCleanup",
	"runtime.SetFinalizer": "runtime.SetFinalizer",
}

// forbiddenImports are packages of which nothing is right.
var forbiddenImports = []string{"golang.org/x/sync/errgroup"}

// Stages start goroutines by crews alone, whose owners get their panics.
func TestStagesStartGoroutinesByCrews(t *testing.T) {
	t.Parallel()
	listed := listExports(t, "./stages/...")
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(listed[path].Export)
	})
	looked := 0
	for _, path := range slices.Sorted(maps.Keys(listed)) {
		pkg := listed[path]
		if !below(strings.TrimPrefix(path, module), "stages") {
			continue
		}
		var files []*ast.File
		for _, name := range pkg.GoFiles {
			files = append(files, parseFile(t, fset, filepath.Join(pkg.Dir, name), nil))
		}
		found, err := goroutines(fset, imports, path, files)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		for _, name := range pkg.IgnoredGoFiles { // of other systems: what they call is not known
			if !strings.HasSuffix(name, "_test.go") {
				found = append(found, goStatements(fset, parseFile(t, fset, filepath.Join(pkg.Dir, name), nil))...)
			}
		}
		for _, place := range found {
			t.Errorf("%s: a panic there would end the process; use a crew.Crew", place)
		}
		looked++
	}
	if looked < 20 {
		t.Errorf("only %d packages were looked at", looked)
	}
}

func TestGoroutinesAreFound(t *testing.T) {
	t.Parallel()
	const source = `package p

import (
	"context"
	"sync"
	"time"
	group "golang.org/x/sync/errgroup"
)

type embedded struct{ sync.WaitGroup }

func f(ctx context.Context, cancel context.CancelFunc, work func()) {
	go work()
	var all sync.WaitGroup
	all.Go(work)
	all.Add(1)
	new(embedded).Go(work)
	begin := (&all).Go
	begin(work)
	time.AfterFunc(time.Second, work)
	time.AfterFunc(time.Second, cancel)
	context.AfterFunc(ctx, work)
	_ = group.Group{}
}
`
	listed := listExports(t, "context", "sync", "time")
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if listed[path].Export == "" {
			return nil, errors.New("not here")
		}
		return os.Open(listed[path].Export)
	})
	found, _ := goroutines(fset, imports, "p", []*ast.File{parseFile(t, fset, "p.go", source)})
	want := []string{
		"p.go:7: golang.org/x/sync/errgroup", "p.go:13: a go statement", "p.go:15: WaitGroup.Go", "p.go:17: WaitGroup.Go", "p.go:18: WaitGroup.Go",
		"p.go:20: time.AfterFunc", "p.go:22: context.AfterFunc",
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// goroutines returns the places of a package that start goroutines otherwise than by a crew, in the order
// of the source.
func goroutines(fset *token.FileSet, imports types.Importer, path string, files []*ast.File) ([]string, error) {
	info := types.Info{Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}}
	var mistakes []error
	checking := types.Config{Importer: imports, Error: func(err error) { mistakes = append(mistakes, err) }}
	_, _ = checking.Check(path, fset, files, &info) // its error is the first of mistakes
	var found []string
	for _, file := range files {
		harmless, own := endsOfContexts(file, info), goStatements(fset, file)
		ast.Inspect(file, func(n ast.Node) bool {
			name, ok := n.(*ast.Ident)
			if !ok || harmless[name] {
				return true
			}
			if f, ok := info.Uses[name].(*types.Func); ok && forbidden[f.FullName()] != "" {
				own = append(own, place(fset, name)+forbidden[f.FullName()])
			}
			return true
		})
		slices.SortStableFunc(own, func(a, b string) int { return lineOf(a) - lineOf(b) })
		found = append(found, own...)
	}
	return found, errors.Join(mistakes...)
}

// endsOfContexts returns the names of functions in calls such as time.AfterFunc(d, cancel): a
// context.CancelFunc runs nothing that panics.
func endsOfContexts(file *ast.File, info types.Info) map[*ast.Ident]bool {
	harmless := map[*ast.Ident]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 2 {
			return true
		}
		callee, ok := call.Fun.(*ast.SelectorExpr)
		if given := info.Types[call.Args[1]].Type; ok && given != nil && given.String() == "context.CancelFunc" {
			harmless[callee.Sel] = true
		}
		return true
	})
	return harmless
}

// goStatements returns the places of a file that start goroutines, as far as its syntax tells.
func goStatements(fset *token.FileSet, file *ast.File) []string {
	var found []string
	for _, spec := range file.Imports {
		if path := strings.Trim(spec.Path.Value, `"`); slices.Contains(forbiddenImports, path) {
			found = append(found, place(fset, spec)+path)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if statement, ok := n.(*ast.GoStmt); ok {
			found = append(found, place(fset, statement)+"a go statement")
		}
		return true
	})
	return found
}

func place(fset *token.FileSet, n ast.Node) string {
	at := fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d: ", at.Filename, at.Line)
}

func lineOf(place string) int {
	var line int
	_, _ = fmt.Sscanf(place[strings.Index(place, ":")+1:], "%d", &line)
	return line
}

func parseFile(t *testing.T, fset *token.FileSet, path string, source any) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(fset, path, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// exported is a package and what its importers need to know of it.
type exported struct {
	ImportPath, Dir, Export string
	GoFiles, IgnoredGoFiles []string
}

// listExports returns the packages and all that they import, by path.
func listExports(t *testing.T, patterns ...string) map[string]exported {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,IgnoredGoFiles"}, patterns...)...)
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string]exported{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg exported
		err := dec.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[pkg.ImportPath] = pkg
	}
}
