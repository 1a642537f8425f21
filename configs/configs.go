// Package configs holds suites that run as they are, with the files that they read. They are part of the binary, so that `inferencex init` works without a checkout.
package configs

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.hcl *.jsonl
var files embed.FS

const extension = ".hcl"

// File is one of the files of a suite.
type File struct {
	Name string
	Text []byte
}

// Names returns the names of all suites, without extension, in order.
func Names() []string {
	var names []string
	for _, name := range all() {
		if suite, ok := strings.CutSuffix(name, extension); ok {
			names = append(names, suite)
		}
	}
	return names
}

// all are the names of all files, in order.
func all() []string {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		panic(err) // it is in the binary
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	slices.Sort(names)
	return names
}

// Read returns the files of a suite: its own first, then those that have its name and another extension, which it reads. The error is fs.ErrNotExist for a
// name that is not there.
func Read(name string) ([]File, error) {
	text, err := files.ReadFile(name + extension)
	if err != nil {
		return nil, err
	}
	found := []File{{name + extension, text}}
	for _, other := range all() {
		if strings.HasPrefix(other, name+".") && other != found[0].Name {
			if text, err = files.ReadFile(other); err != nil {
				return nil, err
			}
			found = append(found, File{other, text})
		}
	}
	return found, nil
}
