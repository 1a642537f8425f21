package durable

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// passed returns a Crash that notes the boundaries that are passed.
func passed(boundaries *[]string) Crash {
	return func(boundary string) { *boundaries = append(*boundaries, boundary) }
}

// What is protected: that a boundary is proof of a sync. A file that cannot be synced, as /dev/null and a pipe cannot, is an error of whoever
// syncs it, and its boundary is not passed. So no function of this package can leave out the call of the operating system unseen.
func TestNoBoundaryIsPassedWithoutASync(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink(os.DevNull, filepath.Join(dir, "no-disk")); err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	var got []string
	crash := passed(&got)
	for name, err := range map[string]error{
		"Sync":     crash.Sync("sync", write),
		"SyncDir":  crash.SyncDir("dir", filepath.Join(dir, "no-disk")),
		"SyncTree": crash.SyncTree("tree", dir),
		"Publish":  (&File{write, filepath.Join(dir, "file")}).publish(crash, "staged", "named"),
	} {
		if !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%s of what cannot be synced: %v, want %v", name, err, syscall.EINVAL)
		}
	}
	if len(got) != 0 {
		t.Errorf("boundaries were passed: %v", got)
	}
}

// What is protected: the order of a write. The content is synced before the name is given, and the name is synced after it.
func TestBoundariesOfAWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.json")
	var got []string
	crash := Crash(func(boundary string) {
		if _, err := os.Stat(path); err == nil {
			boundary += " under its name"
		}
		got = append(got, boundary)
	})
	if err := errors.Join(crash.WriteFile("staged", "named", path, nil), crash.SyncTree("tree", dir), crash.SyncDir("", dir)); err != nil {
		t.Fatal(err)
	}
	if want := []string{"staged", "named under its name", "tree under its name"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// What is protected: what only looks temporary, such as the lease's own files. Only a name with both marks is one that a crash has left.
func TestOnlyTemporaryFilesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".lock", ".holder.json", "notes.tmp", ".run.json.1.tmp", ".run-7.tmp"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := RemoveTemporary(dir); err != nil {
		t.Fatal(err)
	}
	var left []string
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{".holder.json", ".lock", "notes.tmp"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("left %v, %v; want %v", left, err, want)
	}
}

// What is protected: a folder of runs from what writes that failed would leave in it.
func TestAFileThatCannotHaveItsNameLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.json")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, []byte("x")); err == nil {
		t.Error("a file took the name of a folder")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
}
