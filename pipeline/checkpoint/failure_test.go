package checkpoint

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/addr"
)

// What is protected: results. A sealing that cannot do one of its steps says so: the caller would else take a result for sealed that is in no entry,
// or one whose files are not whole.
func TestASealingThatCannotGoOnSaysSo(t *testing.T) {
	recipe := recipeOf(t, `{"users":16}`)
	for _, tc := range []struct {
		name string
		harm func(t *testing.T, store *Store, parts []Part)
		want string
	}{
		{"there is no place for it", func(t *testing.T, store *Store, _ []Part) {
			must(t, os.Remove(filepath.Join(store.dir, tmpDir)))
		}, "no such file or directory"},
		{"a file cannot be read", func(t *testing.T, _ *Store, parts []Part) {
			must(t, os.Symlink("nowhere", filepath.Join(parts[0].Dir, "more")))
		}, "no such file or directory"},
		{"two parts have one name", func(t *testing.T, _ *Store, parts []Part) {
			parts[1].Name = parts[0].Name
		}, "file exists"},
		{"the disk will not sync it", func(t *testing.T, _ *Store, parts []Part) {
			if _, err := os.Stat("/proc/self/fd"); err != nil {
				t.Skip("what cannot be synced has no name here")
			}
			pipe, other, err := os.Pipe() // which can be read and cannot be synced
			must(t, err)
			must(t, other.Close())
			t.Cleanup(func() { _ = pipe.Close() })
			must(t, os.Symlink(fmt.Sprint("/proc/self/fd/", pipe.Fd()), filepath.Join(parts[0].Dir, "more")))
		}, "invalid argument"},
		{"its step cannot point to it", func(t *testing.T, store *Store, _ []Part) {
			must(t, os.Mkdir(store.latestFile(cell), 0o755))
		}, "file exists"},
		{"its step cannot have a pointer", func(t *testing.T, store *Store, _ []Part) {
			must(t, os.Mkdir(store.latestFile(cell)+".tmp", 0o755))
		}, "is a directory"},
		{"its folder is a file", func(t *testing.T, store *Store, _ []Part) {
			must(t, os.WriteFile(filepath.Dir(store.entryDir(recipe.Key())), nil, 0o644))
		}, "not a directory"},
		{"what is damaged there will not go aside", func(t *testing.T, store *Store, _ []Part) {
			must(t, os.MkdirAll(store.entryDir(recipe.Key()), 0o755))
			must(t, os.MkdirAll(filepath.Join(store.entryDir(recipe.Key())+noon.Format(asideFormat), "full"), 0o755))
		}, "file exists"},
		{"its name is taken at the last moment", func(t *testing.T, store *Store, _ []Part) {
			must(t, os.MkdirAll(store.entryDir(recipe.Key()), 0o755))
			store.Crash = func(boundary string) {
				if boundary == putAside {
					must(t, os.MkdirAll(filepath.Join(store.entryDir(recipe.Key()), "full"), 0o755))
				}
			}
		}, "file exists"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			store, err := Open(filepath.Join(dir, "store"))
			must(t, err)
			taken := parts(t, dir, "first")
			tc.harm(t, store, taken)
			entry, err := store.Seal(recipe, sealingOf(taken))
			if err == nil || !strings.Contains(err.Error(), "seal checkpoint: ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("sealed %s with %v, want %q", entry.Key, err, tc.want)
			}
		})
	}
}

// What is protected: a key. What a sealing that was cut short has left is carried through only if its manifest is whole and is that of its recipe.
func TestAManifestThatIsNotWholeIsNotCarriedThrough(t *testing.T) {
	recipe := recipeOf(t, `{"users":17}`)
	for name, harm := range map[string]func(text []byte) []byte{
		"torn":      func(text []byte) []byte { return text[:len(text)/2] },
		"a bit off": func(text []byte) []byte { return bytes.Replace(text, []byte("run-1"), []byte("run-2"), 1) },
		"of another key": func(text []byte) []byte {
			body := bytes.Replace(text[:len(text)-digestLength], []byte(recipe.Key()), []byte(recipeOf(t, `{"users":18}`).Key()), 1)
			return append(body, digestOf(body)...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, _, _ := seal(t)
			if !dieAt(t, store, described, func() { _, _ = store.Seal(recipe, sealingOf(parts(t, t.TempDir(), "first"))) }) {
				t.Fatal("it lives")
			}
			left, err := store.children(tmpDir)
			if err != nil || len(left) != 1 {
				t.Fatal(left, err)
			}
			manifest := filepath.Join(left[0], manifestFile)
			text, err := os.ReadFile(manifest)
			must(t, err)
			harmed := harm(bytes.Clone(text))
			if bytes.Equal(harmed, text) {
				t.Fatal("it is as it was")
			}
			must(t, os.WriteFile(manifest, harmed, 0o644))
			next := reopen(t, store)
			for _, key := range []string{recipe.Key(), recipeOf(t, `{"users":18}`).Key(), ""} {
				if _, err := os.Stat(next.entryDir(key)); err == nil {
					t.Errorf("there is an entry of %q", key)
				}
			}
		})
	}
}

// What is protected: that a plan can say why a step runs again, of each step that was sealed together.
func TestEveryStepOfASealingHasItsLastRecipe(t *testing.T) {
	dir := t.TempDir()
	store, err := Open(filepath.Join(dir, "store"))
	must(t, err)
	recipe, power := recipeOf(t, `{"users":16}`), addr.Step{Kind: "fetch-power", Name: cell.Name, Key: cell.Key}
	what := sealingOf(parts(t, dir, "first"))
	what.Steps = []addr.Step{cell, power}
	_, err = store.Seal(recipe, what)
	must(t, err)
	for _, step := range what.Steps {
		if was, ok := store.LastRecipe(step); !ok || was.Key() != recipe.Key() {
			t.Errorf("%s has %v", step, was)
		}
	}
}
