package durable

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Crash is called at each boundary between two writes with the boundary's name, for tests that end the process there. Nil outside of them.
// What owns files has one and lists its boundaries, so that none can be forgotten by who enumerates them.
//
// Its methods that sync pass their boundary themselves, and only once the disk has what they name. A test that holds a writer to its
// boundaries so holds it to its syncs: one that is left out takes its boundary with it.
type Crash func(boundary string)

// At passes a boundary; one without a name is none.
func (c Crash) At(boundary string) {
	if c != nil && boundary != "" {
		c(boundary)
	}
}

// WriteFile is the function of that name. It passes staged when the content is on disk and not yet under its name, and
// named when its name is on disk, too.
func (c Crash) WriteFile(staged, named, path string, data []byte) error {
	return c.Write(staged, named, path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteJSON is the function of that name, passing boundaries as WriteFile does.
func (c Crash) WriteJSON(staged, named, path string, v any) error {
	return c.Write(staged, named, path, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(v)
	})
}

// Write lets fill write the content of path, and passes boundaries as WriteFile does. Nothing is left behind when fill or the disk fails.
func (c Crash) Write(staged, named, path string, fill func(io.Writer) error) error {
	file, err := Create(path)
	if err != nil {
		return Error("write", path, err)
	}
	if err := fill(file); err != nil {
		file.Discard()
		return Error("write", path, err)
	}
	return Error("write", path, file.publish(c, staged, named))
}

// Sync puts an open file to disk, and passes a boundary once it is there.
func (c Crash) Sync(boundary string, file *os.File) error {
	if err := file.Sync(); err != nil {
		return err
	}
	c.At(boundary)
	return nil
}

// SyncDir is the function of that name, passing a boundary once the names are on disk.
func (c Crash) SyncDir(boundary, dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(c.Sync(boundary, d), d.Close())
}

// SyncTree puts every file and folder below root to disk, and passes a boundary once all are there.
func (c Crash) SyncTree(boundary, root string) error {
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return SyncDir(path) // fsync is the same call for a file and a folder
	})
	if err != nil {
		return err
	}
	c.At(boundary)
	return nil
}
