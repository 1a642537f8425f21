// Package source finds, reads and parses the files of a suite.
//
// Its invariant: the files have one order, whatever the file system's, and so have diagnostics about them.
package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// Set is everything that was read.
type Set struct {
	Path   string               // as given
	Name   string               // what a suite is called that does not say: its folder, or its file without extensions
	Folder string               // the suite's, or the one its file is in
	Files  map[string]*hcl.File // the suite's own and the texts it refers to, for showing snippets; lines of files of values may be secrets
	Order  []string             // the suite's own files
	Values []Values             // files of variables' values: those beside the suite, then those the user named
}

// IsFolder says whether the suite was given as a folder of files.
func (set Set) IsFolder() bool { return set.Folder == set.Path }

// Values is a parsed file of variables' values.
type Values struct {
	Name string
	Auto bool // found beside the suite
	Body hcl.Body
}

// Module reads the folder of a module. It has no files of values: who uses the module gives them.
func Module(folder string) (Set, hcl.Diagnostics) {
	p := hclparse.NewParser()
	set := Set{Path: folder, Folder: folder, Name: nameOf(folder), Files: map[string]*hcl.File{}}
	switch info, err := os.Stat(folder); {
	case err != nil:
		return set, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Module not found", Detail: fmt.Sprintf("There is no folder %s. The path of a module is seen from the folder of the file that names it.", folder)}}
	case !info.IsDir():
		return set, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Module not found", Detail: fmt.Sprintf("%s is a file, and a module is a folder: name the one that the file is in.", folder)}}
	}
	names, _, err := find(folder)
	if err != nil {
		return set, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Module not found", Detail: sentence(err)}}
	}
	var diags hcl.Diagnostics
	for _, name := range names {
		if f := parse(p, name, &diags); f != nil {
			set.Files[name] = f
			set.Order = append(set.Order, name)
		}
	}
	return set, diags
}

// Read reads a suite, which is a file or a folder of files, and the files of values it is given or stands beside.
func Read(path string, varFiles []string) (Set, hcl.Diagnostics) {
	p := hclparse.NewParser()
	set := Set{Path: path, Name: nameOf(path), Files: map[string]*hcl.File{}}
	names, folder, err := find(path)
	if err != nil {
		return set, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Suite not found", Detail: sentence(err)}}
	}
	set.Folder = folder
	var diags hcl.Diagnostics
	for _, name := range names {
		if f := parse(p, name, &diags); f != nil {
			set.Files[name] = f
			set.Order = append(set.Order, name)
		}
	}
	auto, err := automatic(folder)
	if err != nil {
		diags = diags.Append(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Folder not readable", Detail: sentence(err)})
	}
	for i, name := range append(auto, varFiles...) {
		if i >= len(auto) && missing(name) {
			diags = diags.Append(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: "File not found", Detail: fmt.Sprintf("There is no file %q, which -var-file names.", name)})
			continue
		}
		if f := parse(p, name, &diags); f != nil {
			set.Values = append(set.Values, Values{Name: name, Auto: i < len(auto), Body: f.Body})
		}
	}
	return set, set.Sort(diags)
}

// find lists the files of a suite and the folder they are in.
func find(path string) (names []string, folder string, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", fmt.Errorf("there is no file or folder %q. Give the path of a suite: one *.hcl or *.hcl.json file, or a folder of them", path)
	case err != nil:
		return nil, "", fmt.Errorf("the suite cannot be read: %w", err)
	case !info.IsDir():
		return []string{path}, filepath.Dir(path), nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, "", fmt.Errorf("the folder cannot be read: %w", err)
	}
	for _, e := range entries {
		if n := e.Name(); !e.IsDir() && !strings.HasPrefix(n, ".") && (strings.HasSuffix(n, ".hcl") || strings.HasSuffix(n, ".hcl.json")) {
			names = append(names, filepath.Join(path, n))
		}
	}
	if len(names) == 0 {
		return nil, "", fmt.Errorf("the folder %q has no *.hcl or *.hcl.json file. Give the path of one that has", path)
	}
	sort.Strings(names)
	return names, path, nil
}

// automatic lists the files of values that a folder's suite takes unasked, in order.
func automatic(folder string) ([]string, error) {
	native, err := filepath.Glob(filepath.Join(escape(folder), "*.auto.hclvars"))
	if err != nil {
		return nil, err
	}
	json, err := filepath.Glob(filepath.Join(escape(folder), "*.auto.hclvars.json"))
	names := append(native, json...)
	sort.Strings(names)
	return names, err
}

// escape takes the meaning from characters that a glob would act on.
func escape(folder string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(folder)
}

// Sort puts diagnostics in the order of the files and of the places in them, and drops those said twice.
func (set Set) Sort(diags hcl.Diagnostics) hcl.Diagnostics {
	rank := map[string]int{}
	for i, name := range set.Order {
		rank[name] = i - len(set.Order) // before files of values
	}
	less := func(a, b *hcl.Diagnostic) bool {
		switch {
		case a.Subject == nil || b.Subject == nil:
			return a.Subject == nil && b.Subject != nil || a.Subject == b.Subject && a.Detail < b.Detail
		case a.Subject.Filename != b.Subject.Filename:
			ra, rb := rank[a.Subject.Filename], rank[b.Subject.Filename]
			return ra < rb || ra == rb && a.Subject.Filename < b.Subject.Filename
		case a.Subject.Start.Byte != b.Subject.Start.Byte:
			return a.Subject.Start.Byte < b.Subject.Start.Byte
		}
		return a.Summary+a.Detail < b.Summary+b.Detail
	}
	sort.SliceStable(diags, func(i, j int) bool { return less(diags[i], diags[j]) })
	var out hcl.Diagnostics
	for i, d := range diags {
		if i == 0 || less(diags[i-1], d) {
			out = append(out, d)
		}
	}
	return out
}

func nameOf(path string) string {
	name := filepath.Base(path)
	if abs, err := filepath.Abs(path); err == nil {
		name = filepath.Base(abs)
	}
	name, _, _ = strings.Cut(name, ".")
	return name
}
