package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mostLines is the most lines that 99 of 100 functions have: as many as fit a screen.
const mostLines = 50

// TestFunctionsFitAScreen holds the length of the functions outside of tests.
func TestFunctionsFitAScreen(t *testing.T) {
	var lengths []int
	for _, f := range sources(t) {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, f, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				lengths = append(lengths, set.Position(fn.End()).Line-set.Position(fn.Pos()).Line+1)
			}
		}
	}
	slices.Sort(lengths)
	if len(lengths) < 1000 {
		t.Fatalf("found %d functions, want all of the tree", len(lengths))
	}
	if p99 := lengths[len(lengths)*99/100]; p99 > mostLines {
		t.Errorf("99 of 100 functions have up to %d lines, want %d: split the longest", p99, mostLines)
	}
}

// sources returns the Go files of the tree that are no tests.
func sources(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 2 && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
