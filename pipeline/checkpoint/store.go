// Package checkpoint keeps the results of steps under the key of what they were made from. An entry is whole or it is not there: it
// appears by one rename, its files are read-only, and a lookup counts it as a hit only if every one of them is there and hashes right.
package checkpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/durable"
)

const (
	manifestFile = "entry.json"
	schema       = 1
)

// Store is a folder of entries. Several processes may read it; one at a time may seal.
type Store struct{ dir string }

// Open returns the store in dir, making the folder if it is new.
func Open(dir string) (*Store, error) {
	for _, d := range []string{"entries", "latest", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, fmt.Errorf("open checkpoint store: %w", err)
		}
	}
	return &Store{dir}, nil
}

// Clean removes what sealings that were cut short have left. Only the holder of the store may call it.
func (s *Store) Clean() error {
	leftovers, err := filepath.Glob(filepath.Join(s.dir, "tmp", "*"))
	for _, path := range leftovers {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// Entry is one sealed result.
type Entry struct {
	Schema int         `json:"schema"`
	Key    string      `json:"key"`
	Steps  []addr.Step `json:"steps"` // as they were called when they ran; provenance, not identity
	Run    string      `json:"run"`
	Sealed time.Time   `json:"sealed"`
	Recipe Recipe      `json:"recipe"`
	Files  []File      `json:"files"` // sorted by path
	dir    string
}

// File is one file of an entry.
type File struct {
	Path   string `json:"path"` // PART/name, with slashes
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
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

// Part is the folder whose files become one part of an entry.
type Part struct {
	Name string
	Dir  string
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

// Lookup finds the entry of a key. Without one it returns ok = false; with one that is damaged, a *CorruptError.
func (s *Store) Lookup(key string) (entry Entry, ok bool, err error) {
	dir := s.entryDir(key)
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Entry{}, false, nil
	}
	if err != nil {
		return Entry{}, false, fmt.Errorf("look up checkpoint: %w", err)
	}
	if err := json.Unmarshal(text, &entry); err != nil {
		return Entry{}, false, &CorruptError{key, manifestFile, "is not the JSON that was written"}
	}
	if entry.Schema != schema {
		return Entry{}, false, &CorruptError{key, manifestFile, fmt.Sprintf("has schema %d, this program reads %d", entry.Schema, schema)}
	}
	for _, f := range entry.Files {
		got, err := describe(filepath.Join(dir, filepath.FromSlash(f.Path)), f.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return Entry{}, false, &CorruptError{key, f.Path, "is missing"}
		case err != nil:
			return Entry{}, false, &CorruptError{key, f.Path, err.Error()}
		case got != f:
			return Entry{}, false, &CorruptError{key, f.Path, "has changed since it was sealed"}
		}
	}
	entry.dir = dir
	return entry, true, nil
}

// Sealing is a result that is to become an entry.
type Sealing struct {
	Run   string
	Now   time.Time
	Steps []addr.Step // as they are called
	Parts []Part
	// Replace puts an entry that is there already aside, in its folder, under its key and the time.
	Replace bool
}

// Seal moves the parts' files into the entry of the recipe's key and returns it. The parts' folders are gone afterwards.
// An entry that is there already is kept, unless it is corrupt or to be replaced: results are never overwritten.
func (s *Store) Seal(recipe Recipe, what Sealing) (Entry, error) {
	entry := Entry{Schema: schema, Key: recipe.Key(), Steps: what.Steps, Run: what.Run, Sealed: what.Now.UTC(), Recipe: recipe}
	if was, ok, _ := s.Lookup(entry.Key); ok && !what.Replace {
		return was, errors.Join(s.pointTo(entry.Key, what.Steps), removeParts(what.Parts))
	}
	tmp, err := os.MkdirTemp(filepath.Join(s.dir, "tmp"), entry.Key[:12]+"-")
	if err != nil {
		return Entry{}, fmt.Errorf("seal checkpoint: %w", err)
	}
	if entry.Files, err = gather(tmp, what.Parts); err != nil {
		return Entry{}, fmt.Errorf("seal checkpoint: %w", err)
	}
	if err := durable.WriteJSON(filepath.Join(tmp, manifestFile), entry); err != nil {
		return Entry{}, fmt.Errorf("seal checkpoint: %w", err)
	}
	entry.dir = s.entryDir(entry.Key)
	if err := publish(tmp, entry.dir, entry.dir+what.Now.UTC().Format(".20060102T150405.000000000")); err != nil {
		return Entry{}, fmt.Errorf("seal checkpoint: %w", err)
	}
	return entry, s.pointTo(entry.Key, what.Steps)
}

// gather moves the parts into tmp, makes their files read-only and describes them.
func gather(tmp string, parts []Part) ([]File, error) {
	for _, part := range parts {
		if err := os.Rename(part.Dir, filepath.Join(tmp, part.Name)); err != nil {
			return nil, err
		}
	}
	files := []File{}
	err := filepath.WalkDir(tmp, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(tmp, path)
		if err != nil {
			return err
		}
		file, err := describe(path, filepath.ToSlash(rel))
		if err != nil {
			return err
		}
		files = append(files, file)
		return os.Chmod(path, 0o444)
	})
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, err
}

// publish puts a finished folder under its final name. What is there already is corrupt or unwanted and goes aside.
func publish(tmp, final, aside string) error {
	if err := durable.SyncTree(tmp); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return err
	}
	if _, err := os.Stat(final); err == nil {
		if err := os.Rename(final, aside); err != nil {
			return err
		}
	}
	if err := os.Rename(tmp, final); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(final))
}

func removeParts(parts []Part) error {
	var errs []error
	for _, part := range parts {
		errs = append(errs, os.RemoveAll(part.Dir))
	}
	return errors.Join(errs...)
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
	var entry Entry
	if json.Unmarshal(text, &entry) != nil {
		return nil, false
	}
	return entry.Recipe, true
}

func (s *Store) pointTo(key string, steps []addr.Step) error {
	for _, step := range steps {
		if err := durable.WriteFile(s.latestFile(step), []byte(key)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) entryDir(key string) string {
	if len(key) < 3 {
		return filepath.Join(s.dir, "entries", "invalid", key)
	}
	return filepath.Join(s.dir, "entries", key[:2], key)
}

func (s *Store) latestFile(step addr.Step) string {
	sum := sha256.Sum256([]byte(step.String()))
	return filepath.Join(s.dir, "latest", hex.EncodeToString(sum[:16]))
}

// describe hashes a file; rel is its path in the entry.
func describe(path, rel string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	hash := sha256.New()
	size, err := io.Copy(hash, f)
	return File{Path: rel, Size: size, SHA256: hex.EncodeToString(hash.Sum(nil))}, err
}
