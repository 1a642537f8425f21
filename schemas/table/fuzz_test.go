package table

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// FuzzReadJournal proves that no bytes make ReadJournal panic or give a row that was not written: all rows come out
// of frames whose checksums fit.
func FuzzReadJournal(f *testing.F) {
	written, data, ends := smallJournal(f)
	f.Add(data)
	f.Add(data[:ends[1]])
	f.Add(data[:ends[0]+10])
	f.Add([]byte{})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		mem := memory.NewGoAllocator()
		torn, err := readStream(newFrameReader(bytes.NewReader(data), int64(len(data)), mem), mem, func(rows []Chunk) error {
			for _, row := range rows {
				if !slices.Contains(written, row) {
					t.Errorf("a row that nobody wrote: %+v", row)
				}
			}
			return nil
		})
		if torn && err != nil {
			t.Errorf("both torn and error %v", err)
		}
	})
}

// FuzzReadParquet proves that no bytes make a reader of Parquet panic.
func FuzzReadParquet(f *testing.F) {
	path := filepath.Join(f.TempDir(), "chunks.parquet")
	if err := Write(path, chunks(20), nil); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add(append(data[:len(data)/2:len(data)/2], data[len(data)-8:]...))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "chunks.parquet")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		rows, _, err := Read[Chunk](path)
		if err != nil && rows != nil {
			t.Errorf("%d rows with error %v", len(rows), err)
		}
	})
}
