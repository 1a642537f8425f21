package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
)

func TestRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my[suite].d") // a name that a glob would misread
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"b.hcl": "", "a.hcl.json": "{}", ".hidden.hcl": "", "notes.txt": "", "c.json": "{}",
		"x.auto.hclvars": "a = 1", "w.auto.hclvars.json": `{"a": 0}`, "named.hclvars": "a = 2", "named.hclvars.json": `{"a": 3}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in := func(names ...string) []string {
		for i := range names {
			names[i] = filepath.Join(dir, names[i])
		}
		return names
	}
	set, diags := Read(dir, in("named.hclvars", "named.hclvars.json"))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	var values []string
	for _, v := range set.Values {
		values = append(values, v.Name)
	}
	if diff := cmp.Diff(in("a.hcl.json", "b.hcl"), set.Order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(in("w.auto.hclvars.json", "x.auto.hclvars", "named.hclvars", "named.hclvars.json"), values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if set.Name != "my[suite]" || !set.Values[0].Auto || set.Values[2].Auto {
		t.Errorf("name %q, automatic %v and %v", set.Name, set.Values[0].Auto, set.Values[2].Auto)
	}
}

func TestText(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"s.hcl": "", "sub/a.txt": "a", "big": strings.Repeat("x", mostBytes+1)} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	set, diags := Read(filepath.Join(dir, "s.hcl"), nil)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	for name, want := range map[string]string{
		"sub/a.txt": "a", "./sub/../sub/a.txt": "a",
		"../x": `"../x" does not lie in the folder of the suite; move it there and write its path from there`,
		"/etc": `"/etc" does not lie in the folder of the suite; move it there and write its path from there`,
		"no":   "there is no file no in the folder of the suite",
		"big":  "big is larger than 1 MiB, more than a suite can take: check the path, or keep a part of the file",
		"link": "statat link: path escapes from parent",
		"sub":  "sub is no file",
	} {
		got, err := set.Text(name)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("text of %s is %q, want %q", name, got, want)
		}
	}
	if text, err := set.Data("big"); err != nil || len(text) != mostBytes+1 {
		t.Errorf("a dataset of %d bytes, %v", len(text), err)
	}
	delete(set.Files, filepath.Join(dir, "big"))
	if f := set.Files[filepath.Join(dir, "sub/a.txt")]; f == nil || len(set.Files) != 2 {
		t.Errorf("files %v, want the suite and the text that was read", set.Files)
	}
}

func TestSort(t *testing.T) {
	at := func(file string, offset int, detail string) *hcl.Diagnostic {
		d := &hcl.Diagnostic{Detail: detail}
		if file != "" {
			d.Subject = &hcl.Range{Filename: file, Start: hcl.Pos{Byte: offset}}
		}
		return d
	}
	set := Set{Order: []string{"z.hcl", "a.hcl"}}
	sorted := set.Sort(hcl.Diagnostics{
		at("vars", 0, "6"), at("a.hcl", 1, "5"), at("z.hcl", 9, "4"), at("z.hcl", 1, "3"), at("", 0, "2"), at("z.hcl", 1, "3"), at("", 0, "1"),
	})
	var got []string
	for _, d := range sorted {
		got = append(got, d.Detail)
	}
	if diff := cmp.Diff([]string{"1", "2", "3", "4", "5", "6"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestLoops(t *testing.T) {
	for text, want := range map[string]int{
		`{"a": "${[for x in y : x]}", "b": "${[for x in y : [for z in x : z]]}"}`: 2,
		`{"for ": "\"for \" for "}`: 2, `for for `: 0,
	} {
		if got := loops([]byte(text)); got != want {
			t.Errorf("loops(%s) = %d, want %d", text, got, want)
		}
	}
}

func TestNesting(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "a = [{}]": 2, "a = (([]))": 3, ")))(": 1, "a = !!true": 2, "a = - - 1": 2, "# -- #\n# -- #": 2,
		"a = x[*].b[*]": 2, `a = "%{if x}y%{endif}"`: 2,
	} {
		if got := nesting([]byte(text)); got != want {
			t.Errorf("nesting(%q) = %d, want %d", text, got, want)
		}
	}
}
