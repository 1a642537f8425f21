package cli

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// measured is what is asked for of one cell, and the key of the answer.
type measured struct {
	benchmark string
	key       string
	fields    map[string]string // of the configurations of its load and its fetch-power, by the paths of their leaves
}

// cells are those of a suite, by benchmarks, and within one in the order of the plan: on which deployments they are may change their order there.
func cells(t *testing.T, text string) []measured {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.hcl")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	app := &App{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, Getenv: func(string) string { return "" }, Executable: "/bin/inferencex"}
	l, diags, err := app.read(suiteFlags{}, []string{path})
	if err != nil || diags.HasErrors() {
		t.Fatalf("%v %v\n%s", err, diags, text)
	}
	// What a provider refuses to do is not asked here: only what a key is made of.
	p, diags, err := plan.Build(plan.Config{Suite: l.Suite, Kinds: app.parts().Kinds()})
	if err != nil || diags.HasErrors() {
		t.Fatalf("%v %v\n%s", err, diags, text)
	}
	var out []measured
	at := map[string]int{} // by the address of the load
	for _, step := range p.Steps {
		if step.Address.Kind != plan.Load && step.Address.Kind != plan.FetchPower {
			continue
		}
		if step.Address.Kind == plan.Load {
			at[step.Atom] = len(out)
			out = append(out, measured{step.Address.Name, step.Key, map[string]string{}})
		}
		var config map[string]any
		if err := json.Unmarshal(step.Config, &config); err != nil {
			t.Fatal(err)
		}
		delete(config, "unkeyed")
		flatten(out[at[step.Atom]].fields, strings.TrimPrefix(step.Address.Kind, "fetch-"), config)
	}
	slices.SortStableFunc(out, func(a, b measured) int { return strings.Compare(a.benchmark, b.benchmark) })
	return out
}

// flatten writes a document as its leaves by their paths. Lists are leaves.
func flatten(into map[string]string, path string, v any) {
	if object, ok := v.(map[string]any); ok {
		for name, e := range object {
			flatten(into, path+"."+name, e)
		}
		return
	}
	into[path] = fmt.Sprint(v)
}

// Every argument of the language is either part of the keys of the cells that it is about, by the field that it sets and by nothing else, or it is
// part of none; and keys are equal where everything that is asked for is. Whoever adds an argument says here which it is.
func TestEveryArgumentAndTheKeys(t *testing.T) {
	base := cells(t, everything)
	keyOf, fieldsOf := map[string]string{}, map[string]string{}
	oneToOne := func(t *testing.T, found []measured) {
		t.Helper()
		for _, c := range found {
			text, err := json.Marshal(c.fields)
			if err != nil {
				t.Fatal(err)
			}
			if known, ok := keyOf[string(text)]; ok && known != c.key {
				t.Errorf("two keys for %s", text)
			}
			if known, ok := fieldsOf[c.key]; ok && known != string(text) {
				t.Errorf("one key for\n%s\nand\n%s", known, text)
			}
			keyOf[string(text)], fieldsOf[c.key] = c.key, string(text)
		}
	}
	oneToOne(t, base)
	for name, e := range edits() {
		t.Run(name, func(t *testing.T) {
			text := everything
			for i := 0; i < len(e.replace); i += 2 {
				if !strings.Contains(text, e.replace[i]) {
					t.Fatalf("%q is not in the suite", e.replace[i])
				}
				text = strings.Replace(text, e.replace[i], e.replace[i+1], 1)
			}
			found := cells(t, text)
			oneToOne(t, found)
			if e.cells {
				if len(found) == len(base) {
					t.Errorf("there are %d cells, as before", len(found))
				}
				return
			}
			if len(found) != len(base) {
				t.Fatalf("%d cells, want %d", len(found), len(base))
			}
			changed := changes(t, base, found)
			for _, path := range changed {
				if !slices.ContainsFunc(e.fields, func(field string) bool { return within(path, field) }) {
					t.Errorf("changes %s, and is to change %q alone", path, e.fields)
				}
			}
			for _, field := range e.fields {
				if !slices.ContainsFunc(changed, func(path string) bool { return within(path, field) }) {
					t.Errorf("does not change %s", field)
				}
			}
		})
	}
}

// within says whether a path is that of a field, or of a part of it.
func within(path, field string) bool { return path == field || strings.HasPrefix(path, field+".") }

// changes lists the paths at which cells differ.
func changes(t *testing.T, before, after []measured) []string {
	t.Helper()
	paths := map[string]bool{}
	for i := range before {
		same := maps.Equal(before[i].fields, after[i].fields)
		if same != (before[i].key == after[i].key) {
			t.Errorf("cell %d: fields are equal: %t, keys are equal: %t", i, same, !same)
		}
		for _, fields := range []map[string]string{before[i].fields, after[i].fields} {
			for path := range fields {
				if before[i].fields[path] != after[i].fields[path] {
					paths[path] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(paths))
}

// An argument without an edit would be one of which nobody has said whether it is part of a key.
func TestEveryArgumentHasAnEdit(t *testing.T) {
	plumbing := []string{"variable", "locals", "module", "output", "moved"} // they bear on cells through the arguments that they give values to
	known := edits()
	for _, b := range suite.Blocks((&App{Executable: "/bin/inferencex"}).parts().SuiteOptions()) {
		if slices.Contains(plumbing, b.Kind) {
			continue
		}
		described(t, known, b.Kind, b.Body)
		for name, body := range b.Variants {
			body.Args, body.Blocks = body.Args[len(b.Body.Args):], body.Blocks[len(b.Body.Blocks):]
			described(t, known, b.Kind+":"+name, body)
		}
	}
	for name := range known {
		t.Errorf("%s has an edit in keys_edits_test.go and is no argument", name)
	}
}

// described holds the arguments of a body against the edits, and takes those away.
func described(t *testing.T, known map[string]edit, path string, body block.Body) {
	t.Helper()
	for _, a := range body.Args {
		name := path + "." + a.Name
		e, ok := known[name]
		delete(known, name)
		switch part := len(e.fields) > 0 || e.cells; {
		case !ok:
			t.Errorf("%s has no edit: is it part of a key? Set it in the suite everything of keys_edits_test.go if it has to be "+
				"there, and give it an edit in edits", name)
		case ok && !part && !a.Provenance && e.because == "" && a.Name != "for_each":
			t.Errorf("%s is part of no key, and the reference does not say so: its Provenance is false", name)
		case ok && part && a.Provenance:
			t.Errorf("%s is part of a key, and the reference says that it is not: its Provenance is true", name)
		}
	}
	for _, b := range body.Blocks {
		described(t, known, path+"."+b.Kind, b.Body)
	}
}

// A field of a configuration that no edit changes would be one of which nobody knows where it comes from.
func TestEveryFieldHasAnEdit(t *testing.T) {
	changed := []string{"load.trial"} // one for each of a benchmark's trials: there are more cells
	for _, e := range edits() {
		changed = append(changed, e.fields...)
	}
	for prefix, config := range map[string]reflect.Type{"load": reflect.TypeFor[stage.LoadConfig](), "power": reflect.TypeFor[stage.PowerConfig]()} {
		for _, path := range leaves(prefix, config) {
			if !slices.ContainsFunc(changed, func(field string) bool { return within(field, path) }) {
				t.Errorf("%s is changed by no edit", path)
			}
		}
	}
}

// leaves are the paths of what a configuration has for fields. What writes itself, and what is a map, is one.
func leaves(path string, of reflect.Type) []string {
	if of.Kind() != reflect.Struct || of.Implements(reflect.TypeFor[json.Marshaler]()) || of.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return []string{path}
	}
	var out []string
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		if name != "unkeyed" && name != "-" {
			out = append(out, leaves(path+"."+name, of.Field(i).Type)...)
		}
	}
	return out
}
