package revisiontest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/strangeloopio/inferencex/schemas/table/tabletest"
)

// Files returns the digests of all files below a folder, by their paths with slashes. Of a table it is that of its columns, rows and metadata, of a
// PNG that of its pixels: a library that packs the same content otherwise changes no result.
func Files(t *testing.T, dir string) map[string]string {
	t.Helper()
	digests := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		digests[filepath.ToSlash(rel)] = digestOf(t, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return digests
}

// Digest returns the digest of a text.
func Digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func digestOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	var content bytes.Buffer
	switch {
	case err != nil:
	case filepath.Ext(path) == ".parquet":
		writeTable(&content, tabletest.Read(t, path))
	case filepath.Ext(path) == ".png":
		err = writePixels(&content, text)
	default:
		content.Write(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return Digest(content.Bytes())
}

// writeTable writes the content of a table: its metadata and columns, then a line for each row.
func writeTable(w io.Writer, read tabletest.Table) {
	fmt.Fprintf(w, "%q\n", read.Meta)
	for _, c := range read.Columns {
		fmt.Fprintf(w, "%q %q %q %v\n", c.Name, c.Unit, c.Doc, c.Nullable)
	}
	for _, row := range read.Rows {
		for _, c := range read.Columns {
			fmt.Fprintf(w, "%T %#v\t", row[c.Name], row[c.Name])
		}
		fmt.Fprintln(w)
	}
}

func writePixels(w io.Writer, text []byte) error {
	picture, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		return err
	}
	pixels := image.NewNRGBA(picture.Bounds())
	draw.Draw(pixels, pixels.Rect, picture, pixels.Rect.Min, draw.Src)
	fmt.Fprintln(w, pixels.Rect)
	_, err = w.Write(pixels.Pix)
	return err
}
