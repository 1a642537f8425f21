package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// Part is the folder whose files become one part of an entry.
type Part struct {
	Name string
	Dir  string
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
	s.Crash.At(sealing)
	tmp, err := os.MkdirTemp(filepath.Join(s.dir, tmpDir), entry.Key[:12]+"-")
	if err != nil {
		return Entry{}, s.sealError(err)
	}
	if entry, err = s.prepare(tmp, entry, what.Parts); err != nil {
		giveBack(tmp, what.Parts)
		return Entry{}, s.sealError(err)
	}
	if err := s.publish(tmp, entry); err != nil {
		return Entry{}, s.sealError(err)
	}
	return entry, removeParts(what.Parts) // of which there are some only where the store is on another file system
}

func (s *Store) sealError(err error) error {
	return fmt.Errorf("seal checkpoint: %w", durable.Error("write", s.dir, err))
}

// prepare makes tmp the whole result. Its manifest comes last, so all that it speaks of is on disk before it.
func (s *Store) prepare(tmp string, entry Entry, parts []Part) (_ Entry, err error) {
	if entry.Files, err = s.gather(tmp, parts); err != nil {
		return entry, err
	}
	s.Crash.At(gathered)
	if err := s.Crash.SyncTree(synced, tmp); err != nil {
		return entry, err
	}
	manifest, err := entry.Manifest()
	if err == nil {
		err = s.Crash.WriteFile(staged, described, filepath.Join(tmp, manifestFile), manifest)
	}
	if err != nil {
		return entry, err
	}
	entry.dir = s.entryDir(entry.Key)
	return entry, nil
}

// giveBack puts the parts of a sealing that failed where they were, for diagnosis; what was copied is there still. What cannot be moved stays until the
// store is cleaned.
func giveBack(tmp string, parts []Part) {
	there := func(path string) bool {
		_, err := os.Lstat(path)
		return err == nil
	}
	for _, part := range parts {
		taken := filepath.Join(tmp, part.Name)
		_ = os.Rename(taken, part.Dir)
		if there(taken) && !there(part.Dir) {
			return
		}
	}
	_ = os.RemoveAll(tmp)
}

// The boundaries of a sealing.
const (
	sealing   = "seal.begin"
	gathered  = "seal.gathered"
	synced    = "seal.synced"
	staged    = "seal.staged"    // the manifest is written, and not yet under its name
	described = "seal.described" // the manifest is under its name: from here on the result is whole, and Clean carries the sealing through
	pointing  = "seal.pointing"  // at the name of one step; once for each
	pointed   = "seal.pointed"
	putAside  = "seal.aside"
	published = "seal.published"
	cleaned   = "seal.cleaned" // what one sealing that was cut short has left is dealt with
)

// Boundaries lists where a process can end between two steps of a sealing, in their order. seal.aside is passed only where there was an entry.
func Boundaries() []string {
	return []string{sealing, gathered, synced, staged, described, pointing, pointed, putAside, published}
}

// CleaningBoundaries lists where a process can end between two steps of Clean, beside those of the sealings that it carries through.
func CleaningBoundaries() []string { return []string{cleaned} }

// gather moves the parts into tmp, makes their files read-only and describes them.
func (s *Store) gather(tmp string, parts []Part) ([]File, error) {
	for _, part := range parts {
		if err := moveInto(part.Dir, filepath.Join(tmp, part.Name)); err != nil {
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
		file, err := s.describe(path, filepath.ToSlash(rel))
		if err != nil {
			return err
		}
		files = append(files, file)
		return os.Chmod(path, 0o444)
	})
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, err
}

// moveInto moves a folder. To another file system it is copied, and stays until the copy is sealed.
func moveInto(from, to string) error {
	err := os.Rename(from, to)
	switch {
	case errors.Is(err, syscall.EXDEV):
		return os.CopyFS(to, os.DirFS(from))
	case errors.Is(err, fs.ErrNotExist):
		return durable.Error("take", from, err)
	}
	return err
}

// asideFormat is what the name of an entry that was replaced has behind its key.
const asideFormat = ".20060102T150405.000000000"

// publish puts a whole result under its final name. The names of its steps point to it first: its appearance is the last thing to happen. What is
// there already is corrupt or unwanted and goes aside.
func (s *Store) publish(tmp string, entry Entry) error {
	if err := s.pointTo(entry.Key, entry.Steps); err != nil {
		return err
	}
	s.Crash.At(pointed)
	final := s.entryDir(entry.Key)
	if err := durable.MkdirAll(filepath.Dir(final)); err != nil {
		return err
	}
	if _, err := os.Stat(final); err == nil {
		if err := os.Rename(final, final+entry.Sealed.Format(asideFormat)); err != nil {
			return err
		}
		s.Crash.At(putAside)
	}
	if err := os.Rename(tmp, final); err != nil {
		return err
	}
	return s.Crash.SyncDir(published, filepath.Dir(final))
}

func removeParts(parts []Part) error {
	var errs []error
	for _, part := range parts {
		errs = append(errs, os.RemoveAll(part.Dir))
	}
	return errors.Join(errs...)
}

func (s *Store) pointTo(key string, steps []addr.Step) error {
	for _, step := range steps {
		if err := s.hint(s.latestFile(step), key); err != nil {
			return err
		}
	}
	return nil
}

// hint writes a file that is whole whenever it is there. It need not outlast a power failure: without it a plan has one reason less to give.
func (s *Store) hint(path, text string) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, []byte(text), 0o644); err != nil {
		return err
	}
	s.Crash.At(pointing)
	return os.Rename(tmp, path)
}

// Clean ends what was cut short: a sealing that had come to its manifest is carried through, since its result is whole; what an earlier one left
// is removed, and so is what was about to be. Only the holder of the store may call it.
func (s *Store) Clean() error {
	leftovers, err := s.children(tmpDir)
	for _, path := range leftovers {
		if entry, whole := s.readComplete(path); whole {
			err = errors.Join(err, s.publish(path, entry))
		} else {
			err = errors.Join(err, os.RemoveAll(path))
		}
		s.Crash.At(cleaned)
	}
	return errors.Join(err, s.emptyTrash())
}

// readComplete reads the entry of a sealing that was cut short, if all of it is there.
func (s *Store) readComplete(dir string) (Entry, bool) {
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return Entry{}, false
	}
	entry, wrong := readManifest(text, true)
	if wrong != "" || entry.Key != entry.Recipe.Key() {
		return Entry{}, false
	}
	return entry, s.verify(entry, dir) == nil
}
