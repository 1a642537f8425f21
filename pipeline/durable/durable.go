// Package durable writes files that are whole after a crash: a reader finds the old content or the new one, never a part.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// WriteFile puts data at path: into a temporary file of the same folder, to disk, then under its name, and the folder to disk.
func WriteFile(path string, data []byte) error { return Crash(nil).WriteFile("", "", path, data) }

// WriteJSON writes v as indented JSON.
func WriteJSON(path string, v any) error { return Crash(nil).WriteJSON("", "", path, v) }

// File is a file that appears under its path whole or not at all: written beside it, put to disk, and then renamed.
type File struct {
	*os.File
	Path string
}

// Create starts a file that Publish will put at path, in place of one that is there.
func Create(path string) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*"+tmpSuffix)
	if err != nil {
		return nil, err
	}
	return &File{f, path}, nil
}

// tmpSuffix ends the names of files that are not under their own yet, which begin with a dot.
const tmpSuffix = ".tmp"

// RemoveTemporary removes what writes into a folder have left that a crash cut short. Only who alone writes there may call it.
func RemoveTemporary(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, ".") && strings.HasSuffix(name, tmpSuffix) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
		}
	}
	return err
}

// Publish makes the file last under its path. On an error nothing has appeared there, and nothing is left beside it.
func (f *File) Publish() error { return f.publish(nil, "", "") }

func (f *File) publish(c Crash, staged, named string) error {
	// CreateTemp makes files that only their owner reads; results are for others too.
	err := errors.Join(f.Chmod(0o644), c.Sync(staged, f.File), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), f.Path)
	}
	if err != nil {
		f.Discard()
		return err
	}
	return c.SyncDir(named, filepath.Dir(f.Path))
}

// Discard removes what was written so far.
func (f *File) Discard() {
	// Neither error is worth a word beside the one that led here, and the name says that the file is temporary.
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// MkdirAll makes a folder, and those above it that are missing, and makes their names last.
func MkdirAll(path string) error {
	var made []string
	for dir := filepath.Clean(path); filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			break // it is there, or os.MkdirAll says what is wrong with it
		}
		made = append(made, dir)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	for _, dir := range made {
		if err := SyncDir(filepath.Dir(dir)); err != nil {
			return err
		}
	}
	return nil
}

// SyncDir makes the names in a folder last: after a rename or a removal.
func SyncDir(dir string) error { return Crash(nil).SyncDir("", dir) }
