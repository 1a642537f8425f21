package source

import (
	"os"
	"path/filepath"
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
		"x.auto.hclvars": "a = 1", "named.hclvars": "a = 2", "named.hclvars.json": `{"a": 3}`,
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
	if diff := cmp.Diff(in("x.auto.hclvars", "named.hclvars", "named.hclvars.json"), values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if set.Name != "my[suite]" || !set.Values[0].Auto || set.Values[1].Auto {
		t.Errorf("name %q, automatic %v and %v", set.Name, set.Values[0].Auto, set.Values[1].Auto)
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
