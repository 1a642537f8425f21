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
type Store struct {
	dir string
	// Crash is called at the boundaries that Boundaries lists; set it before the first sealing.
	Crash durable.Crash
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
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return nil, fmt.Errorf("open checkpoint store: %w", err)
		}
	}
	return &Store{dir: dir}, nil
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

// CorruptError says that an entry is there and cannot be trusted. It is not a hit; sealing the key anew replaces it.
type CorruptError struct {
	Key  string
	Path string
	What string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("checkpoint %.12s: %s: %s; its step will run again", e.Key, e.Path, e.What)
}

// listed is an entry without its recipe, which makes up most of its manifest and which whoever looks a key up knows.
type listed struct {
	Entry
	Recipe passedOver `json:"recipe"` // in the place of the entry's
}

// passedOver is JSON that is not looked at.
type passedOver struct{}

// UnmarshalJSON takes nothing.
func (*passedOver) UnmarshalJSON([]byte) error { return nil }

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
	var found listed
	if err := json.Unmarshal(text, &found); err != nil {
		return Entry{}, false, &CorruptError{key, manifestFile, "is not the JSON that was written"}
	}
	entry = found.Entry
	if entry.Schema != schema {
		return Entry{}, false, &CorruptError{key, manifestFile, fmt.Sprintf("has schema %d, this program reads %d", entry.Schema, schema)}
	}
	if err := entry.verify(dir); err != nil {
		return Entry{}, false, err
	}
	entry.dir = dir
	return entry, true, nil
}

// verify holds the files in dir against the manifest. What does not fit is a *CorruptError.
func (e Entry) verify(dir string) error {
	for _, f := range e.Files {
		got, err := describe(filepath.Join(dir, filepath.FromSlash(f.Path)), f.Path)
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
	var entry Entry
	if json.Unmarshal(text, &entry) != nil {
		return nil, false
	}
	return entry.Recipe, true
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
func describe(path, rel string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return File{}, err
	}
	hash := sha256.New()
	// A buffer of the file's size: most files are small, and there are many. (io.Copy would let the file choose, and it takes 32 KiB for each.)
	buffer := make([]byte, min(info.Size()+1, 1<<20))
	size, err := io.CopyBuffer(struct{ io.Writer }{hash}, struct{ io.Reader }{f}, buffer)
	return File{Path: rel, Size: size, SHA256: hex.EncodeToString(hash.Sum(nil))}, err
}
