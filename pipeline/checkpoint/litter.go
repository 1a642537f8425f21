package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
)

// Litter is an entry that can be removed without breaking a hit of anybody who matters.
type Litter struct {
	Path  string      `json:"path"` // below the store
	Key   string      `json:"key"`
	Steps []addr.Step `json:"steps,omitempty"`
	Run   string      `json:"run,omitempty"`
	Made  time.Time   `json:"made"`
	Bytes int64       `json:"bytes"` // that its files take; a run's report that links to them keeps them on disk
	Why   string      `json:"why"`
}

// Litter lists the entries that keep does not want, those that newer ones have replaced and those that cannot be read, by path.
func (s *Store) Litter(keep func(Entry) bool) ([]Litter, error) {
	paths, err := fs.Glob(os.DirFS(s.dir), entriesDir+"/*/*")
	if err != nil {
		return nil, err
	}
	var found []Litter
	for _, path := range paths {
		l, unwanted, err := s.inspect(path, keep)
		if err != nil {
			return nil, fmt.Errorf("look through checkpoints: %w", err)
		}
		if unwanted {
			found = append(found, l)
		}
	}
	return found, nil
}

// inspect says whether the entry at a path below the store is litter, and why.
func (s *Store) inspect(name string, keep func(Entry) bool) (l Litter, unwanted bool, err error) {
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	info, err := os.Stat(path)
	if err != nil {
		return l, false, err
	}
	key, _, replaced := strings.Cut(filepath.Base(path), ".")
	l = Litter{Path: name, Key: key, Made: info.ModTime().UTC()}
	text, err := os.ReadFile(filepath.Join(path, manifestFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return l, false, err
	}
	entry, wrong := readManifest(text, false)
	if wrong == "" {
		l.Steps, l.Run, l.Made = entry.Steps, entry.Run, entry.Sealed
	}
	switch {
	case replaced:
		l.Why = "a newer result has taken its place"
	case entry.Schema > schema: // a newer program's: not ours to judge
		return l, false, nil
	case wrong != "":
		l.Why = "its manifest " + wrong
	case !keep(entry):
		l.Why = "nothing refers to it"
	default:
		return l, false, nil
	}
	l.Bytes, err = size(path)
	return l, true, err
}

func size(root string) (bytes int64, err error) {
	err = filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	return bytes, err
}

// The boundaries of a removal.
const (
	condemned = "gc.condemned" // out of the entries, and not gone yet
	forgotten = "gc.forgotten"
	removed   = "gc.removed"
)

// RemovalBoundaries lists where a process can end between two steps of a removal, in their order.
func RemovalBoundaries() []string { return []string{condemned, forgotten, removed} }

// Remove takes an entry away. It is out of reach at once, by a rename: what is removed is never found half. Only the holder of the store may call it.
func (s *Store) Remove(l Litter) error {
	grave, err := os.MkdirTemp(filepath.Join(s.dir, trashDir), "gc-")
	if err != nil {
		return fmt.Errorf("remove checkpoint: %w", err)
	}
	if err := os.Rename(filepath.Join(s.dir, filepath.FromSlash(l.Path)), filepath.Join(grave, "entry")); err != nil {
		return fmt.Errorf("remove checkpoint: %w", err)
	}
	s.Crash.At(condemned)
	for _, step := range l.Steps {
		pointer := s.latestFile(step)
		if key, err := os.ReadFile(pointer); err != nil || string(key) != l.Key || s.has(l.Key) {
			continue
		}
		if err := os.Remove(pointer); err != nil {
			return fmt.Errorf("remove checkpoint: %w", err)
		}
	}
	s.Crash.At(forgotten)
	if err := os.RemoveAll(grave); err != nil {
		return fmt.Errorf("remove checkpoint: %w", err)
	}
	s.Crash.At(removed)
	return nil
}

// has reports whether there is an entry of a key, whole or not.
func (s *Store) has(key string) bool {
	_, err := os.Stat(s.entryDir(key))
	return err == nil
}

// emptyTrash ends removals that were cut short.
func (s *Store) emptyTrash() error {
	leftovers, err := s.children(trashDir)
	for _, path := range leftovers {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// children returns the paths of what lies in a folder of the store.
func (s *Store) children(folder string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, folder))
	var paths []string
	for _, e := range entries {
		paths = append(paths, filepath.Join(s.dir, folder, e.Name()))
	}
	return paths, err
}
