package checkpoint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
)

// A sealing that fails gives back what it took, so that the attempt can be looked at, and leaves nothing in the store.
func TestASealingThatFailsGivesBackWhatItTook(t *testing.T) {
	for _, tc := range []struct {
		name string
		seal func(t *testing.T, store *Store, parts []Part) error
		want string
	}{
		{"no room for the manifest", func(t *testing.T, store *Store, parts []Part) error {
			store.Crash = func(boundary string) { // a folder has its name; a limit of the size of files would hold for the log of the test, too
				if made, _ := store.children(tmpDir); boundary == synced {
					must(t, os.Mkdir(filepath.Join(made[0], manifestFile), 0o755))
				}
			}
			_, err := store.Seal(recipeOf(t, `{"users":16}`), sealingOf(parts))
			store.Crash = nil
			return err
		}, "file exists: a folder has that name"},
		{"a part that is not there", func(t *testing.T, store *Store, parts []Part) error {
			lost := Part{Name: "lost", Dir: filepath.Join(t.TempDir(), "lost")}
			_, err := store.Seal(recipeOf(t, `{"users":16}`), sealingOf(append(parts, lost)))
			return err
		}, "lost: no such file or directory: check the path"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			store, err := Open(filepath.Join(dir, "store"))
			if err != nil {
				t.Fatal(err)
			}
			taken := parts(t, dir, "first")
			before := filesOf(t, taken)
			if err := tc.seal(t, store, taken); err == nil || !strings.Contains(err.Error(), "seal checkpoint: ") || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("sealed with %v, want %q", err, tc.want)
			}
			if diff := cmp.Diff(before, filesOf(t, taken)); diff != "" {
				t.Errorf("(-taken +given back):\n%s", diff)
			}
			if left, err := store.children(tmpDir); err != nil || len(left) > 0 {
				t.Errorf("in the store: %v %v", left, err)
			}
			if got := runOf(t, store, recipeOf(t, `{"users":16}`).Key()); got != "none" {
				t.Errorf("found the result of %s", got)
			}
			if _, err := store.Seal(recipeOf(t, `{"users":16}`), sealingOf(taken)); err != nil {
				t.Errorf("what was given back cannot be sealed: %v", err)
			}
		})
	}
}

func sealingOf(parts []Part) Sealing {
	return Sealing{Run: "run-1", Now: noon, Steps: []addr.Step{cell}, Parts: parts}
}

// filesOf reads the files of parts.
func filesOf(t *testing.T, parts []Part) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, part := range parts {
		files, err := os.ReadDir(part.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(filepath.Join(part.Dir, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			found[part.Name+"/"+f.Name()] = string(text)
		}
	}
	return found
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
