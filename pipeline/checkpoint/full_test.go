//go:build linux

package checkpoint

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
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
		{"no room for the manifest", func(t *testing.T, store *Store, parts []Part) (err error) {
			full(t, 64, func() { _, err = store.Seal(recipeOf(t, `{"users":16}`), sealingOf(parts)) })
			return err
		}, "file too large"},
		{"a part that is not there", func(t *testing.T, store *Store, parts []Part) error {
			lost := Part{Name: "lost", Dir: filepath.Join(t.TempDir(), "lost")}
			_, err := store.Seal(recipeOf(t, `{"users":16}`), sealingOf(append(parts, lost)))
			return err
		}, "lost: no such file or directory"},
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

// full lets no file of this process grow beyond a size while work is done.
func full(t *testing.T, size uint64, work func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // else the kernel ends a process that goes on writing
	t.Cleanup(func() { signal.Reset(syscall.SIGXFSZ) })
	var before syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before)
	if err = errors.Join(err, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max})); err != nil {
		t.Fatal(err)
	}
	work()
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
}
