package durable

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteFileReplacesWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	for _, text := range []string{"first", "second, longer", "3"} {
		if err := WriteFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Fatalf("got %q, %v; want %q", got, err, text)
		}
	}
}

func TestWriteThatFailsLeavesTheOldFileAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.json")
	if err := WriteFile(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	err := Crash(nil).Write("", "", path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half of the n")
		return errors.New("no space left on device")
	})
	if err == nil || !strings.Contains(err.Error(), "run.json: no space left") {
		t.Errorf("got %v, want an error that names the file", err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	hidden, _ := filepath.Glob(filepath.Join(dir, ".*"))
	if got, _ := os.ReadFile(path); string(got) != "old" || len(names) != 1 || len(hidden) != 0 {
		t.Errorf("content %q, files %v %v; want the old file and nothing else", got, names, hidden)
	}
}

func TestMkdirAll(t *testing.T) {
	dir := t.TempDir()
	deep := filepath.Join(dir, "a", "b", "c")
	for range 2 { // what is there is no error
		if err := MkdirAll(deep); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(deep); err != nil || !info.IsDir() {
		t.Errorf("%v, %v; want a folder", info, err)
	}
	file := filepath.Join(dir, "file")
	if err := WriteFile(file, nil); err != nil {
		t.Fatal(err)
	}
	if err := MkdirAll(filepath.Join(file, "below")); err == nil || !strings.Contains(err.Error(), file+": not a directory") {
		t.Errorf("below a file: %v", err)
	}
}
