// Package source finds, reads and parses the files of a suite.
//
// Its invariant: the files have one order, whatever the file system's, and so have diagnostics about them.
package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// mostBytes is the size of a file that nobody wrote by hand; a parser is not to be fed more than that.
const mostBytes = 1 << 20

// mostNesting keeps the parser, which calls itself for everything nested, from running out of stack.
const mostNesting = 500

// Set is everything that was read.
type Set struct {
	Path   string               // as given
	Name   string               // what a suite is called that does not say: its folder, or its file without extensions
	Folder string               // the suite's, or the one its file is in
	Files  map[string]*hcl.File // the suite's own and the texts it refers to, for showing snippets; lines of files of values may be secrets
	Order  []string             // the suite's own files
	Values []Values             // files of variables' values: those beside the suite, then those the user named
}

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
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return set, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Module not found", Detail: fmt.Sprintf("There is no folder %s. The path of a module is seen from the folder of the file that names it.", folder)}}
	}
	names, _, err := find(folder)
	if err != nil {
		return set, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Module not found", Detail: "In place of a module, " + err.Error() + "."}}
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
		return set, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "Suite not found", Detail: err.Error() + "."}}
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
		diags = diags.Append(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Folder not readable", Detail: err.Error()})
	}
	for i, name := range append(auto, varFiles...) {
		if f := parse(p, name, &diags); f != nil {
			set.Values = append(set.Values, Values{Name: name, Auto: i < len(auto), Body: f.Body})
		}
	}
	return set, set.Sort(diags)
}

// parse reads one file, JSON if it is called so.
func parse(p *hclparse.Parser, name string, diags *hcl.Diagnostics) *hcl.File {
	text, err := readText(name)
	if err != nil {
		*diags = diags.Append(&hcl.Diagnostic{Severity: hcl.DiagError, Summary: "File not readable", Detail: err.Error() + "."})
		return nil
	}
	parser := p.ParseHCL
	if strings.HasSuffix(name, ".json") {
		parser = p.ParseJSON
	}
	f, found := parser(text, name)
	*diags = append(*diags, settled(found)...)
	return f
}

// settled drops what the parser says after a string that was not closed: from there on it takes text for code.
func settled(diags hcl.Diagnostics) hcl.Diagnostics {
	for i, d := range diags {
		if d.Summary == "Invalid multi-line string" {
			return diags[:i+1]
		}
	}
	return diags
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

// readText reads a file that is fit for a parser.
func readText(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > mostBytes:
		return nil, fmt.Errorf("%s is larger than %d bytes, which no suite needs: check the path", name, mostBytes)
	case strings.HasSuffix(name, ".json") && loops(text) > mostLoops:
		return nil, fmt.Errorf("%s has more than %d loops in one text; take it apart with local values, or write it in HCL's own syntax", name, mostLoops)
	case nesting(text) > mostNesting:
		return nil, fmt.Errorf("%s is nested more than %d deep, which no suite needs: check the path", name, mostNesting)
	}
	return text, nil
}

// mostLoops bounds the loops in one text of a JSON file. In the native syntax, what loops do is counted instead.
const mostLoops = 2

// loops is the most often that "for" stands in one text of a JSON file.
func loops(text []byte) int {
	most, here, inside := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			inside, here = !inside, 0
		case c == '\\':
			i++
		case inside && bytes.HasPrefix(text[i:], []byte("for ")):
			here++
			most = max(most, here)
		}
	}
	return most
}

// nesting bounds from above how deep a parser would recurse: brackets that are open at once, and operators, splats and
// template conditions that follow each other. Text in quotes counts too; it would have to be very odd to matter.
func nesting(text []byte) int {
	open, most, run := 0, 0, 0
	for _, c := range text {
		switch c {
		case '(', '[', '{':
			open++
		case ')', ']', '}':
			open = max(0, open-1)
		}
		switch c {
		case '!', '-':
			run++
		case ' ', '\t', '\n', '\r':
		default:
			run = 0
		}
		most = max(most, open, run)
	}
	return max(most, bytes.Count(text, []byte("[*]")), bytes.Count(text, []byte(".*")), bytes.Count(text, []byte("%{")))
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
