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

var errCrash = errors.New("crash")

// dieAt does work until it comes to a boundary, and reports whether it came there.
func dieAt(t *testing.T, store *Store, boundary string, work func()) (died bool) {
	t.Helper()
	store.Crash = func(at string) {
		if at == boundary {
			panic(errCrash)
		}
	}
	defer func() {
		if p := recover(); p != nil {
			if p != errCrash {
				panic(p)
			}
			died = true
		}
	}()
	work()
	return false
}

// reopen is what the next process does.
func reopen(t *testing.T, store *Store) *Store {
	t.Helper()
	next, err := Open(store.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Clean(); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{tmpDir, trashDir} {
		if left, err := next.children(folder); len(left) > 0 || err != nil {
			t.Errorf("left behind: %v %v", left, err)
		}
	}
	return next
}

// runOf returns the run that sealed what is found, or none.
func runOf(t *testing.T, store *Store, key string) string {
	t.Helper()
	entry, ok, err := store.Lookup(key)
	if err != nil {
		t.Errorf("half an entry: %v", err)
	}
	if !ok {
		return "none"
	}
	return entry.Run
}

func TestASealingThatIsCutShort(t *testing.T) {
	for _, replace := range []bool{false, true} {
		for _, boundary := range Boundaries() {
			name := boundary
			if replace {
				name += " replacing"
			}
			t.Run(name, func(t *testing.T) {
				dir := t.TempDir()
				store, err := Open(filepath.Join(dir, "store"))
				if err != nil {
					t.Fatal(err)
				}
				recipe := recipeOf(t, `{"users":16}`)
				before := "none"
				if replace {
					before = "run-0"
					if _, err := store.Seal(recipe, Sealing{Run: before, Now: noon, Steps: []addr.Step{cell}, Parts: parts(t, dir, "old")}); err != nil {
						t.Fatal(err)
					}
				}
				died := dieAt(t, store, boundary, func() {
					_, err = store.Seal(recipe, Sealing{Run: "run-1", Now: noon.Add(time.Hour), Steps: []addr.Step{cell}, Parts: parts(t, dir, "first"), Replace: replace})
				})
				if died == (boundary == putAside && !replace) {
					t.Fatalf("died: %v, %v", died, err)
				}
				// Once the result is whole it is not lost any more; before, the next run measures again, or finds what it had.
				want := before
				if slices.Index(Boundaries(), boundary) >= slices.Index(Boundaries(), described) {
					want = "run-1"
				}
				next := reopen(t, store)
				if got := runOf(t, next, recipe.Key()); got != want {
					t.Errorf("found the result of %s, want that of %s", got, want)
				}
				if was, ok := next.LastRecipe(cell); want == "run-1" && (!ok || was.Key() != recipe.Key()) {
					t.Errorf("the step's last recipe is %v %v", was, ok)
				}
				if _, err := next.Seal(recipe, Sealing{Run: "run-2", Now: noon.Add(2 * time.Hour), Steps: []addr.Step{cell}, Parts: parts(t, dir, "second")}); err != nil {
					t.Fatal(err)
				}
				if want == "none" {
					want = "run-2"
				}
				if got := runOf(t, next, recipe.Key()); got != want {
					t.Errorf("then found the result of %s, want that of %s", got, want)
				}
			})
		}
	}
}

// What is protected: that a sealed result outlives a power failure. Its files and their folders are synced before the manifest is written
// (seal.synced), the manifest before it is named (seal.staged), its name and the entry's before the sealing ends. Only durable's functions that
// sync pass these boundaries, so a sync that is left out is missing here.
func TestASealingSyncsInOrder(t *testing.T) {
	store, recipe, _ := seal(t)
	for _, tc := range []struct {
		name    string
		replace bool
		want    []string
	}{
		{"first", false, []string{sealing, gathered, synced, staged, described, pointing, pointed, published}},
		{"replacing", true, []string{sealing, gathered, synced, staged, described, pointing, pointed, putAside, published}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			store.Crash = func(boundary string) {
				got = append(got, boundary)
				manifests, err := filepath.Glob(filepath.Join(store.dir, tmpDir, "*", "*"+manifestFile+"*")) // or a temporary one
				if early := slices.Index(tc.want, boundary) <= slices.Index(tc.want, synced); early && len(manifests) > 0 || err != nil {
					t.Errorf("at %s there is a manifest: %v %v", boundary, manifests, err)
				}
			}
			recipe := recipe
			if !tc.replace {
				recipe = recipeOf(t, `{"users":17}`)
			}
			_, err := store.Seal(recipe, Sealing{
				Run: "run-1", Now: noon, Steps: []addr.Step{cell}, Parts: parts(t, t.TempDir(), "new"), Replace: tc.replace,
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAResultThatIsNotWholeIsNotCarriedThrough(t *testing.T) {
	store, _, _ := seal(t)
	recipe := recipeOf(t, `{"users":17}`)
	if !dieAt(t, store, described, func() {
		_, _ = store.Seal(recipe, Sealing{Run: "run-1", Now: noon, Steps: []addr.Step{cell}, Parts: parts(t, t.TempDir(), "first")})
	}) {
		t.Fatal("it lives")
	}
	left, err := store.children(tmpDir)
	if err != nil || len(left) != 1 {
		t.Fatal(left, err)
	}
	torn := filepath.Join(left[0], "load", "rows.parquet")
	if err := errors.Join(os.Chmod(torn, 0o644), os.Truncate(torn, 3)); err != nil {
		t.Fatal(err)
	}
	if got := runOf(t, reopen(t, store), recipe.Key()); got != "none" {
		t.Errorf("found the result of %s", got)
	}
}

func litter(t *testing.T, store *Store, keep ...string) []string {
	t.Helper()
	found, err := store.Litter(func(e Entry) bool { return slices.Contains(keep, e.Key) })
	if err != nil {
		t.Fatal(err)
	}
	why := []string{}
	for _, l := range found {
		if l.Bytes == 0 || l.Made.IsZero() {
			t.Errorf("%+v", l)
		}
		why = append(why, l.Why)
	}
	return why
}

func TestLitter(t *testing.T) {
	store, recipe, entry := seal(t)
	if diff := cmp.Diff([]string{}, litter(t, store, recipe.Key())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"nothing refers to it"}, litter(t, store)); diff != "" {
		t.Error(diff)
	}
	if _, err := store.Seal(recipe, Sealing{Run: "run-2", Now: noon, Steps: []addr.Step{cell}, Parts: parts(t, t.TempDir(), "second"), Replace: true}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a newer result has taken its place"}, litter(t, store, recipe.Key())); diff != "" {
		t.Error(diff)
	}
	manifest := filepath.Join(entry.Part(""), manifestFile)
	if err := os.WriteFile(manifest, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"its manifest is not the JSON that was written", "a newer result has taken its place"}, litter(t, store, recipe.Key())); diff != "" {
		t.Error(diff)
	}
}

func TestARemovalThatIsCutShort(t *testing.T) {
	for _, boundary := range RemovalBoundaries() {
		t.Run(boundary, func(t *testing.T) {
			store, recipe, _ := seal(t)
			other := recipeOf(t, `{"users":17}`)
			if _, err := store.Seal(other, Sealing{Run: "run-1", Now: noon, Steps: []addr.Step{{Kind: "load", Name: "other"}}, Parts: parts(t, t.TempDir(), "other")}); err != nil {
				t.Fatal(err)
			}
			found, err := store.Litter(func(e Entry) bool { return e.Key == other.Key() })
			if err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			if !dieAt(t, store, boundary, func() { err = store.Remove(found[0]) }) {
				t.Fatal("it lives", err)
			}
			next := reopen(t, store)
			if got := runOf(t, next, recipe.Key()); got != "none" {
				t.Errorf("what was condemned is found again, of %s", got)
			}
			if got := runOf(t, next, other.Key()); got != "run-1" {
				t.Errorf("what was kept: %s", got)
			}
			if was, ok := next.LastRecipe(cell); ok {
				t.Errorf("its step remembers %v", was)
			}
		})
	}
}

func TestARemovedPredecessorLeavesItsSuccessorAlone(t *testing.T) {
	store, recipe, _ := seal(t)
	if _, err := store.Seal(recipe, Sealing{Run: "run-2", Now: noon, Steps: []addr.Step{cell}, Parts: parts(t, t.TempDir(), "second"), Replace: true}); err != nil {
		t.Fatal(err)
	}
	found, err := store.Litter(func(Entry) bool { return true })
	if err != nil || len(found) != 1 || !strings.HasPrefix(filepath.Base(found[0].Path), recipe.Key()+".") {
		t.Fatal(found, err)
	}
	if err := store.Remove(found[0]); err != nil {
		t.Fatal(err)
	}
	if got := runOf(t, store, recipe.Key()); got != "run-2" {
		t.Errorf("found the result of %s", got)
	}
	if _, ok := store.LastRecipe(cell); !ok {
		t.Error("its step has forgotten it")
	}
}
