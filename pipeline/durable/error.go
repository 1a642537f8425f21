package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Error says what could not be done with a file or folder, why, and what to do about it.
func Error(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	var told *fileError
	if errors.As(err, &told) {
		return err // it says it all
	}
	return &fileError{doing, path, err}
}

type fileError struct {
	doing, path string
	err         error
}

// Error leaves out the name that the operating system gives: of a temporary file, it means nothing to the reader.
func (e *fileError) Error() string {
	err := e.err
	for inPath, inLink := (*fs.PathError)(nil), (*os.LinkError)(nil); ; { // one may be in another
		switch {
		case errors.As(err, &inPath):
			err = inPath.Err
			continue
		case errors.As(err, &inLink):
			err = inLink.Err
			continue
		}
		break
	}
	if advice := advise(err); advice != "" {
		return fmt.Sprintf("%s %s: %v: %s", e.doing, e.path, err, advice)
	}
	return fmt.Sprintf("%s %s: %v", e.doing, e.path, err)
}

// Unwrap returns the error of the operating system.
func (e *fileError) Unwrap() error { return e.err }

// DiskFailed reports whether an error says of a disk that nothing more can be written to it: the next file would meet with the same.
func DiskFailed(err error) bool {
	return isFull(err) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EIO)
}

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// advise says what to do about an error of the operating system.
func advise(err error) string {
	switch {
	case isFull(err):
		return "free space on that disk, or give a run directory on another one"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "give a run directory that can be written and files that can be read"
	case errors.Is(err, syscall.EFBIG):
		return "a limit of this shell or of that disk forbids larger files (ulimit -f)"
	case errors.Is(err, syscall.EIO):
		return "the disk itself fails: look at the system's log, or give a run directory on another one"
	case errors.Is(err, syscall.ENOTDIR):
		return "a part of the path is a file, not a folder: give another path"
	case errors.Is(err, syscall.EISDIR), errors.Is(err, fs.ErrExist):
		return "a folder has that name: give the path of a file"
	case errors.Is(err, fs.ErrNotExist):
		return "check the path; the folder must exist"
	}
	return ""
}
