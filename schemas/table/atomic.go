package table

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// atomicFile is a file that appears under its name whole or not at all: written beside it, synced, and then renamed.
type atomicFile struct {
	*os.File
	path string
}

// createAtomic starts a file that publish will put at path, in place of one that is there.
func createAtomic(path string) (*atomicFile, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return nil, err
	}
	return &atomicFile{f, path}, nil
}

// publish makes the file durable under its name. On an error nothing has appeared there, and nothing is left beside it.
func (f *atomicFile) publish() (err error) {
	defer func() {
		if err != nil {
			f.discard()
		}
	}()
	// CreateTemp makes files that only their owner reads; results are for others too.
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(f.path))
}

// discard removes what was written so far.
func (f *atomicFile) discard() {
	// Neither error is worth a word beside the one that led here, and the name says that the file is temporary.
	_ = f.Close()
	_ = os.Remove(f.Name())
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// fileError says what could not be done with a file, why, and what to do about it.
func fileError(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	// The operating system's error names the temporary file, which means nothing to the reader of the message.
	var inPath *fs.PathError
	var inLink *os.LinkError
	switch {
	case errors.As(err, &inPath):
		err = inPath.Err
	case errors.As(err, &inLink):
		err = inLink.Err
	}
	if advice := advise(err); advice != "" {
		return fmt.Errorf("%s %s: %w: %s", doing, path, err, advice)
	}
	return fmt.Errorf("%s %s: %w", doing, path, err)
}

// advise says what to do about an error of the operating system.
func advise(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free space on that disk, or give a run directory on another one"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "give a run directory that can be written and files that can be read"
	case errors.Is(err, syscall.ENOTDIR):
		return "a part of the path is a file, not a folder: give another path"
	case errors.Is(err, syscall.EISDIR), errors.Is(err, fs.ErrExist):
		return "a folder has that name: give the path of a file"
	case errors.Is(err, fs.ErrNotExist):
		return "check the path; the folder must exist"
	}
	return ""
}
