package checkpoint

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// rewrite gives a sealed file another content.
func rewrite(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, text, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// eachFile calls do with every file of an entry and its content, and puts that back.
func eachFile(t *testing.T, entry Entry, do func(path string, text []byte)) {
	t.Helper()
	err := filepath.WalkDir(entry.Part(""), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		do(path, text)
		rewrite(t, path, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// notFound fails if a damaged entry is a hit, or if it is not told as damaged.
func notFound(t *testing.T, store *Store, key, path string, at int) {
	t.Helper()
	_, ok, err := store.Lookup(key)
	var corrupt *CorruptError
	if ok || !errors.As(err, &corrupt) {
		t.Errorf("%s, damaged at byte %d: found %v, %v", path, at, ok, err)
	}
}

func TestAFlippedBitAnywhereIsNoHit(t *testing.T) {
	store, recipe, entry := seal(t)
	eachFile(t, entry, func(path string, text []byte) {
		for at := range text {
			damaged := append([]byte{}, text...)
			damaged[at] ^= 1 << (at % 8)
			rewrite(t, path, damaged)
			notFound(t, store, recipe.Key(), path, at)
		}
	})
	if _, ok, err := store.Lookup(recipe.Key()); !ok || err != nil {
		t.Errorf("mended: %v, %v", ok, err)
	}
}

func TestAFileCutShortAnywhereIsNoHit(t *testing.T) {
	store, recipe, entry := seal(t)
	eachFile(t, entry, func(path string, text []byte) {
		for at := range text {
			rewrite(t, path, text[:at])
			notFound(t, store, recipe.Key(), path, at)
		}
	})
}

// An entry of another key, as from a folder that was moved by hand, is not this one's result.
func TestAnEntryOfAnotherKeyIsNoHit(t *testing.T) {
	store, recipe, entry := seal(t)
	other := recipeOf(t, `{"users":17}`).Key()
	moved := store.entryDir(other)
	if err := errors.Join(os.MkdirAll(filepath.Dir(moved), 0o755), os.Rename(entry.Part(""), moved)); err != nil {
		t.Fatal(err)
	}
	_, ok, err := store.Lookup(other)
	const want = "entry.json: is that of another checkpoint; its step will run again"
	if ok || err == nil || err.Error() != "checkpoint "+other[:12]+": "+want {
		t.Errorf("%v, %v; want %s", ok, err, want)
	}
	if _, ok, err := store.Lookup(recipe.Key()); ok || err != nil {
		t.Errorf("what was moved away: %v, %v", ok, err)
	}
}

// Entries that were sealed before manifests had a digest stay what they were.
func TestAnEntryOfSchema1IsAHit(t *testing.T) {
	store, recipe, entry := seal(t)
	entry.Schema = 1
	text, err := json.MarshalIndent(entry, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(entry.Part(""), manifestFile), text)
	found, ok, err := store.Lookup(recipe.Key())
	if !ok || err != nil || found.Digest("load") != entry.Digest("load") {
		t.Errorf("%v, %v, %+v", ok, err, found)
	}
	if was, ok := store.LastRecipe(cell); !ok || was.Key() != recipe.Key() {
		t.Errorf("its recipe: %v, %v", was, ok)
	}
}
