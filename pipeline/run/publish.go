package run

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// publish makes the files of a sealed part appear in the run's folder, under the same names. They are links: sealed files are read-only,
// and the tables of a long run are large. Where the file system has no links they are copies.
func publish(part, dir string, crash durable.Crash) error {
	crash.At(publishing)
	err := filepath.WalkDir(part, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(part, path)
		if err != nil {
			return err
		}
		target := filepath.Join(dir, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		fresh := target + ".new"
		if err := os.Remove(fresh); err != nil && !os.IsNotExist(err) {
			return err
		}
		if os.Link(path, fresh) != nil {
			if err := copyFile(path, fresh); err != nil {
				return err
			}
		}
		crash.At(linked)
		return os.Rename(fresh, target)
	})
	if err != nil {
		return fmt.Errorf("publish results: %w", durable.Error("write", dir, err))
	}
	crash.At(shown)
	return nil
}

// The boundaries of a pure step's files on their way into the run's folder.
const (
	publishing = "publish.begin"
	linked     = "publish.linked" // one file is beside its place, not yet in it
	shown      = "publish.shown"
)

// Boundaries lists where a process can end between two writes of the executor's own, in their order; what it has others write down they list.
func Boundaries() []string { return []string{publishing, linked, shown} }

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
