package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
)

// Text reads a text that the suite refers to by its path in the suite's folder, and counts it among the suite's files.
// A path that leads out of the folder, by itself or by a link, is refused: a suite is to mean the same wherever its
// folder is.
func (set Set) Text(name string) (string, error) { return set.read(name, mostBytes) }

// mostData is the size of a dataset that fits into memory several times.
const mostData = 64 << 20

// Data reads a dataset as Text reads a text; it may be larger.
func (set Set) Data(name string) (string, error) { return set.read(name, mostData) }

func (set Set) read(name string, most int) (string, error) {
	path := filepath.Join(set.Folder, filepath.FromSlash(name))
	if f, ok := set.Files[path]; ok {
		return string(f.Bytes), nil
	}
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", fmt.Errorf("%q does not lie in the folder of the suite; move it there and write its path from there", name)
	}
	root, err := os.OpenRoot(set.Folder)
	if err != nil {
		return "", fmt.Errorf("open the suite's folder: %w", err)
	}
	defer root.Close()
	switch info, err := root.Stat(filepath.FromSlash(name)); {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no file %s in the folder of the suite", name)
	case err != nil:
		return "", err
	case !info.Mode().IsRegular(): // a pipe would keep the reader waiting
		return "", fmt.Errorf("%s is no file", name)
	}
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > most:
		return "", fmt.Errorf("%s is larger than %d MiB, more than a suite can take: check the path, or keep a part of the file", name, most>>20)
	}
	set.Files[path] = &hcl.File{Bytes: text}
	return string(text), nil
}
