package durable

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWhatACrashLeavesUnderATemporaryNameIsRemoved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.json")
	if err := WriteFile(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	crash := Crash(func(boundary string) {
		if boundary != "run.staged" {
			t.Errorf("passes %s", boundary)
		}
		panic(boundary)
	})
	func() {
		defer func() { _ = recover() }()
		_ = crash.WriteJSON("run.staged", "run.named", path, "new")
		t.Error("it lives")
	}()
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("%v, want the old file and the new one under a temporary name", left)
	}
	if err := RemoveTemporary(dir); err != nil {
		t.Error(err)
	}
	left, _ := os.ReadDir(dir)
	if got, _ := os.ReadFile(path); string(got) != "old" || len(left) != 1 {
		t.Errorf("content %q, files %v; want the old file alone", got, left)
	}
}
