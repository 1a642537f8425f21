package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

func TestErrorSaysWhatWhereAndWhatToDo(t *testing.T) {
	inPath := func(err error) error { return &fs.PathError{Op: "write", Path: "/x/.run.json.123.tmp", Err: err} }
	for _, tc := range []struct {
		name   string
		err    error
		want   string
		failed bool // the disk as such
	}{
		{"full", inPath(syscall.ENOSPC), "no space left on device: free space on that disk, or give a run directory on another one", true},
		{"quota", &os.LinkError{Op: "rename", Old: "a", New: "b", Err: syscall.EDQUOT}, "disk quota exceeded: free space on that disk, or give a run directory on another one", true},
		{"read-only", inPath(inPath(syscall.EROFS)), "read-only file system: give a run directory that can be written and files that can be read", true},
		{"broken", inPath(syscall.EIO), "input/output error: the disk itself fails: look at the system's log, or give a run directory on another one", true},
		{"limit", inPath(syscall.EFBIG), "file too large: a limit of this shell or of that disk forbids larger files (ulimit -f)", false},
		{"forbidden", inPath(syscall.EACCES), "permission denied: give a run directory that can be written and files that can be read", false},
		{"other", errors.New("odd"), "odd", false},
		{"told", fmt.Errorf("close: %w", Error("write", "y", inPath(syscall.ENOENT))), "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := Error("write", "x/run.json", tc.err)
			want := "write x/run.json: " + tc.want
			if tc.name == "told" {
				want = "close: write y: no such file or directory: check the path; the folder must exist"
			}
			if err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
			if !errors.Is(err, tc.err) && tc.name != "told" {
				t.Error("its cause is lost")
			}
			if DiskFailed(err) != tc.failed {
				t.Errorf("DiskFailed is %v", !tc.failed)
			}
		})
	}
	if Error("write", "x", nil) != nil {
		t.Error("an error out of nothing")
	}
}
