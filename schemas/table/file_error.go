package table

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

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
