// Package configs holds suites that run as they are. They are part of the binary, so that `inferencex init` works without a checkout.
package configs

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.hcl
var files embed.FS

// Names returns the names of all suites, without extension, in order.
func Names() []string {
	paths, err := fs.Glob(files, "*.hcl")
	if err != nil {
		panic(err) // the pattern is constant
	}
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = strings.TrimSuffix(path, ".hcl")
	}
	slices.Sort(names)
	return names
}

// Read returns the text of a suite. The error is fs.ErrNotExist for a name that is not there.
func Read(name string) ([]byte, error) { return files.ReadFile(name + ".hcl") }
