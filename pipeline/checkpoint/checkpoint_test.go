package checkpoint

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
)

var (
	cell = addr.Step{Kind: "load", Name: "chat", Key: "qwen/h100/1gpu/16u/64x32/t1"}
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

func recipeOf(t *testing.T, document string) Recipe {
	t.Helper()
	var b Builder
	b.Add("load.revision", 1)
	if err := b.AddJSON("load.config", []byte(document)); err != nil {
		t.Fatal(err)
	}
	return b.Recipe()
}

func TestRecipeDoesNotDependOnTheOrderOfFields(t *testing.T) {
	a := recipeOf(t, `{"users":16,"workload":{"isl":64,"osl":32},"args":["--a","b"],"pairs":[{"x":1},{"x":2}]}`)
	b := recipeOf(t, `{"pairs":[{"x":1},{"x":2}],"args":["--a","b"],"workload":{"osl":32,"isl":64},"users":16}`)
	want := Recipe{
		`load.config.args = ["--a","b"]`, `load.config.pairs[0] = {"x":1}`, `load.config.pairs[1] = {"x":2}`,
		`load.config.users = 16`, `load.config.workload.isl = 64`, `load.config.workload.osl = 32`, `load.revision = 1`,
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	if a.Key() != b.Key() || len(a.Key()) != 64 {
		t.Errorf("keys %s and %s", a.Key(), b.Key())
	}
}

func TestWhatDoesNotBearOnResultsIsNotInTheRecipe(t *testing.T) {
	with := recipeOf(t, `{"users":16,"unkeyed":{"request_timeout":"10m"}}`)
	if diff := cmp.Diff(recipeOf(t, `{"users":16}`), with); diff != "" {
		t.Error(diff)
	}
}

func TestDifference(t *testing.T) {
	base := recipeOf(t, `{"requests":50,"users":16}`)
	for _, tc := range []struct{ now, want string }{
		{`{"requests":50,"users":16}`, ""},
		{`{"requests":200,"users":16}`, "requests: 50 → 200"},
		{`{"requests":50,"users":16,"salt":"x"}`, `salt: new, "x"`},
		{`{"requests":50}`, "users: removed, was 16"},
		{`{"requests":50,"users":16,"cells":[{"gpus":1,"labels":{"a":1}}]}`, `cells[0]: new, {"gpus":1,"labels":{"a":1}}`},
	} {
		if got := Difference(base, recipeOf(t, tc.now)); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.now, got, tc.want)
		}
	}
}

func TestDifferenceInAList(t *testing.T) {
	was := recipeOf(t, `{"cells":[{"gpus":1,"labels":{"a":1}},{"gpus":2,"labels":{"a":1}}]}`)
	for _, tc := range []struct{ now, want string }{
		{`{"cells":[{"gpus":1,"labels":{"a":1}},{"gpus":2,"labels":{"a":7}}]}`, "cells[1].labels.a: 1 → 7"},
		{`{"cells":[{"gpus":1},{"gpus":2,"labels":{"a":1}}]}`, "cells[0].labels.a: removed, was 1"},
		{`{"cells":[{"gpus":1,"labels":{"a":1}}]}`, `cells[1]: removed, was {"gpus":2,"labels":{"a":1}}`},
	} {
		if got := Difference(was, recipeOf(t, tc.now)); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.now, got, tc.want)
		}
	}
}

// seal puts one entry with a load and a fetch-power part into a new store.
func seal(t *testing.T) (*Store, Recipe, Entry) {
	t.Helper()
	dir := t.TempDir()
	store, err := Open(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	recipe := recipeOf(t, `{"users":16}`)
	entry, err := store.Seal(recipe, Sealing{Run: "run-1", Now: noon, Steps: []addr.Step{cell}, Parts: parts(t, dir, "first")})
	if err != nil {
		t.Fatal(err)
	}
	return store, recipe, entry
}

func parts(t *testing.T, dir, text string) []Part {
	t.Helper()
	var made []Part
	for _, name := range []string{"load", "fetch-power"} {
		folder := filepath.Join(dir, "attempt-"+text, name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "rows.parquet"), []byte(name+" "+text), 0o644); err != nil {
			t.Fatal(err)
		}
		made = append(made, Part{name, folder})
	}
	return made
}

func TestSealThenLookup(t *testing.T) {
	store, recipe, sealed := seal(t)
	found, ok, err := store.Lookup(recipe.Key())
	if err != nil || !ok {
		t.Fatalf("ok = %v, %v", ok, err)
	}
	sealed.Recipe = nil // a lookup passes over it
	if diff := cmp.Diff(sealed, found, cmp.AllowUnexported(Entry{})); diff != "" {
		t.Error(diff)
	}
	text, err := os.ReadFile(filepath.Join(found.Part("load"), "rows.parquet"))
	if err != nil || string(text) != "load first" {
		t.Errorf("%q, %v", text, err)
	}
	if found.Digest("load") == found.Digest("fetch-power") {
		t.Error("the parts have one digest")
	}
	if last, ok := store.LastRecipe(cell); !ok || last.Key() != recipe.Key() {
		t.Errorf("last recipe %v %v", last, ok)
	}
	if _, ok, err := store.Lookup(recipeOf(t, `{"users":17}`).Key()); ok || err != nil {
		t.Errorf("another key: ok = %v, %v", ok, err)
	}
}

func TestSealNeverOverwrites(t *testing.T) {
	store, recipe, first := seal(t)
	second := parts(t, t.TempDir(), "second")
	again, err := store.Seal(recipe, Sealing{Run: "run-2", Now: noon.Add(time.Hour), Steps: []addr.Step{cell}, Parts: second})
	if err != nil {
		t.Fatal(err)
	}
	if again.Run != "run-1" || again.Digest("load") != first.Digest("load") {
		t.Errorf("entry of %s with another content", again.Run)
	}
	if _, err := os.Stat(second[0].Dir); !os.IsNotExist(err) {
		t.Error("the parts that lost are left behind")
	}
}

func TestAReplacedEntryIsPutAside(t *testing.T) {
	store, recipe, first := seal(t)
	second, err := store.Seal(recipe, Sealing{Run: "run-2", Now: noon.Add(time.Hour), Steps: []addr.Step{cell}, Parts: parts(t, t.TempDir(), "second"), Replace: true})
	if err != nil {
		t.Fatal(err)
	}
	found, ok, err := store.Lookup(recipe.Key())
	if err != nil || !ok || found.Run != "run-2" || found.Digest("load") == first.Digest("load") || second.Key != first.Key {
		t.Errorf("found %+v, %v, %v", found, ok, err)
	}
	old, err := os.ReadFile(filepath.Join(first.Part("")+".20261123T130000.000000000", "load", "rows.parquet"))
	if err != nil || string(old) != "load first" {
		t.Errorf("the replaced result: %q, %v", old, err)
	}
}

func TestDamageIsNoHitAndIsMended(t *testing.T) {
	for name, tc := range map[string]struct {
		damage func(dir string) error
		want   string
	}{
		"changed": {func(dir string) error {
			path := filepath.Join(dir, "load", "rows.parquet")
			return errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, []byte("load fIrst"), 0o644))
		}, "load/rows.parquet: has changed since it was sealed; its step will run again"},
		"missing": {
			func(dir string) error { return os.Remove(filepath.Join(dir, "fetch-power", "rows.parquet")) },
			"fetch-power/rows.parquet: is missing; its step will run again",
		},
		"manifest": {
			func(dir string) error { return os.WriteFile(filepath.Join(dir, "entry.json"), []byte(`{"sch`), 0o644) },
			"entry.json: is not the JSON that was written; its step will run again",
		},
		"newer": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "entry.json"), []byte(`{"schema":9}`), 0o644)
		}, "entry.json: has schema 9, this program reads 2; its step will run again"},
	} {
		t.Run(name, func(t *testing.T) {
			store, recipe, entry := seal(t)
			if err := tc.damage(entry.Part("")); err != nil {
				t.Fatal(err)
			}
			_, ok, err := store.Lookup(recipe.Key())
			var corrupt *CorruptError
			if ok || !errors.As(err, &corrupt) || !strings.HasSuffix(err.Error(), tc.want) {
				t.Fatalf("ok = %v, %v; want %q", ok, err, tc.want)
			}
			if _, err := store.Seal(recipe, Sealing{Run: "run-2", Now: noon, Steps: []addr.Step{cell}, Parts: parts(t, t.TempDir(), "anew")}); err != nil {
				t.Fatal(err)
			}
			mended, ok, err := store.Lookup(recipe.Key())
			if !ok || err != nil || mended.Run != "run-2" || !slices.ContainsFunc(mended.Files, func(f File) bool { return f.Path == "load/rows.parquet" }) {
				t.Errorf("after sealing anew: %v %v %+v", ok, err, mended)
			}
		})
	}
}
