// Package checkpoint keeps the results of steps under the key of what they were made from: the sha256 of their recipe.
//
// Its invariant: an entry is whole or it is not there. A lookup is a hit only if every file hashes as the manifest says,
// and the manifest as its own last line says. A sealed file is never written again.
//
// A result is sealed in these steps, with a boundary between each two at which the process may die:
//
//  1. The files of the attempt are moved into a temporary folder of the store, or copied where the store is on another
//     file system, hashed and made read-only.
//  2. Files and folders are synced.
//  3. The manifest is written, synced and renamed to its name. From here on the result is whole: if the process dies,
//     Clean carries the sealing through; before, Clean removes what is there.
//  4. The names of the entry's steps are pointed to its key, so that a later plan can say which line of a recipe changed.
//  5. An entry that is replaced or damaged is renamed aside.
//  6. The temporary folder is renamed to the entry's name, and the folder above is synced.
package checkpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// Store is a folder of entries. Several processes may read it; one at a time may seal.
type Store struct {
	dir string
	// Crash is called at the boundaries that Boundaries lists; set it before the first sealing.
	Crash   durable.Crash
	buffers sync.Pool // of *[]byte: files are hashed by the thousand
}

// Folders of a store.
const (
	entriesDir = "entries"
	latestDir  = "latest" // for each step the key that it sealed last
	tmpDir     = "tmp"    // sealings under way
	trashDir   = "trash"  // what is being removed
)

// Open returns the store in dir, making the folder if it is new.
func Open(dir string) (*Store, error) {
	for _, d := range []string{entriesDir, latestDir, tmpDir, trashDir} {
		if err := durable.MkdirAll(filepath.Join(dir, d)); err != nil {
			return nil, fmt.Errorf("open checkpoint store: %w", durable.Error("make", filepath.Join(dir, d), err))
		}
	}
	return &Store{dir: dir}, nil
}

// Part returns the folder of one part of the entry: the files of one of its steps.
func (e Entry) Part(name string) string { return filepath.Join(e.dir, name) }

// Digest returns a digest of one part's names and contents: what a step that uses the part depends on.
func (e Entry) Digest(part string) string {
	hash := sha256.New()
	for _, f := range e.Files {
		if strings.HasPrefix(f.Path, part+"/") {
			fmt.Fprintf(hash, "%s %d %s\n", f.Path, f.Size, f.SHA256)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// CorruptError says that an entry is there and cannot be trusted. It is not a hit; sealing the key anew replaces it.
type CorruptError struct {
	Key  string
	Path string
	What string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("checkpoint %.12s: %s: %s; its step will run again", e.Key, e.Path, e.What)
}

// Lookup finds the entry of a key, without its recipe. Where there is none it returns ok = false; where it is damaged, a *CorruptError.
func (s *Store) Lookup(key string) (entry Entry, ok bool, err error) {
	dir := s.entryDir(key)
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Entry{}, false, nil
	}
	if err != nil {
		return Entry{}, false, fmt.Errorf("look up checkpoint: %w", err)
	}
	entry, wrong := readManifest(text, false)
	if wrong == "" && entry.Key != key {
		wrong = "is that of another checkpoint"
	}
	if wrong != "" {
		return Entry{}, false, &CorruptError{key, manifestFile, wrong}
	}
	if err := s.verify(entry, dir); err != nil {
		return Entry{}, false, err
	}
	entry.dir = dir
	return entry, true, nil
}

// verify holds the files in dir against the entry. What does not fit is a *CorruptError.
func (s *Store) verify(e Entry, dir string) error {
	for _, f := range e.Files {
		got, err := s.describe(filepath.Join(dir, filepath.FromSlash(f.Path)), f.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return &CorruptError{e.Key, f.Path, "is missing"}
		case err != nil:
			return &CorruptError{e.Key, f.Path, err.Error()}
		case got != f:
			return &CorruptError{e.Key, f.Path, "has changed since it was sealed"}
		}
	}
	return nil
}

// LastRecipe returns the recipe of the newest entry that a step of this address sealed: what `plan` compares with.
func (s *Store) LastRecipe(step addr.Step) (Recipe, bool) {
	key, err := os.ReadFile(s.latestFile(step))
	if err != nil {
		return nil, false
	}
	text, err := os.ReadFile(filepath.Join(s.entryDir(string(key)), manifestFile))
	if err != nil {
		return nil, false
	}
	entry, wrong := readManifest(text, true)
	return entry.Recipe, wrong == ""
}

func (s *Store) entryDir(key string) string {
	if len(key) < 3 {
		return filepath.Join(s.dir, entriesDir, "invalid", key)
	}
	return filepath.Join(s.dir, entriesDir, key[:2], key)
}

func (s *Store) latestFile(step addr.Step) string {
	sum := sha256.Sum256([]byte(step.String()))
	return filepath.Join(s.dir, latestDir, hex.EncodeToString(sum[:16]))
}

// describe hashes a file; rel is its path in the entry.
func (s *Store) describe(path, rel string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	buffer, ok := s.buffers.Get().(*[]byte)
	if !ok {
		fresh := make([]byte, 128<<10)
		buffer = &fresh
	}
	defer s.buffers.Put(buffer)
	hash := sha256.New()
	// Neither end may choose how to copy: a file would take a buffer of its own.
	size, err := io.CopyBuffer(struct{ io.Writer }{hash}, struct{ io.Reader }{f}, *buffer)
	return File{Path: rel, Size: size, SHA256: hex.EncodeToString(hash.Sum(nil))}, err
}
