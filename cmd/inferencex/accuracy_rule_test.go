package main

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// `make accuracy` finds its tests by the names of their files, and selects them by their own; their build tag
// keeps them out of `make test`. So a file has all three marks or none.
func TestMarksOfAccuracy(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		named := d.Name() == "accuracy_test.go" || strings.HasSuffix(d.Name(), "_accuracy_test.go")
		tagged, claims, others := marks(t, path)
		switch {
		case named != tagged:
			t.Errorf("%s: its name says accuracy: %v; its build tag says so: %v", path, named, tagged)
		case tagged && (len(others) > 0 || len(claims) == 0):
			t.Errorf("%s: make accuracy runs only names that begin with TestAccuracy: %v do not, %v do", path, others, claims)
		case !tagged && len(claims) > 0:
			t.Errorf("%s: %v run in make test, where no claim about time belongs", path, claims)
		}
		if tagged {
			found += len(claims)
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Errorf("%d tests for make accuracy, %v", found, err)
	}
}

// marks reads whether a file is for the build tag accuracy alone, and the names of its tests.
func marks(t *testing.T, path string) (tagged bool, claims, others []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Comments {
		for _, line := range group.List {
			if expr, err := constraint.Parse(line.Text); err == nil {
				tagged = tagged || expr.String() == "accuracy"
			}
		}
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		switch {
		case !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") || f.Name.Name == "TestMain":
		case strings.HasPrefix(f.Name.Name, "TestAccuracy"):
			claims = append(claims, f.Name.Name)
		default:
			others = append(others, f.Name.Name)
		}
	}
	return tagged, claims, others
}
