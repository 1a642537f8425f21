package table

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// Row types that stand for other versions of the chunks table.
type (
	newerChunk struct {
		Cell string `col:"cell"`
	}
	// olderChunk lacks a column that is now nullable, and has one that is no more.
	olderChunk struct {
		Gone int64  `col:"gone"`
		Seq  int64  `col:"seq"`
		Cell string `col:"cell"`
	}
	grownChunk struct {
		Cell string  `col:"cell"`
		Note *string `col:"note"`
		Seq  int64   `col:"seq"`
	}
	needyChunk struct {
		Cell string `col:"cell"`
		Note string `col:"note"`
	}
	retypedChunk struct {
		Seq float64 `col:"seq"`
	}
	strangerChunk struct {
		Other *string `col:"other"`
	}
	nullableChunk struct {
		Cell *string `col:"cell"`
		Seq  *int64  `col:"seq"`
	}
)

func (newerChunk) identity() identity    { return identity{"chunks", 2} }
func (olderChunk) identity() identity    { return identity{"chunks", 1} }
func (grownChunk) identity() identity    { return identity{"chunks", 2} }
func (needyChunk) identity() identity    { return identity{"chunks", 2} }
func (retypedChunk) identity() identity  { return identity{"chunks", 2} }
func (strangerChunk) identity() identity { return identity{"chunks", 1} }
func (nullableChunk) identity() identity { return identity{"chunks", 1} }

func TestOlderFileIsReadAsTheNewerRow(t *testing.T) {
	old := []olderChunk{{Gone: 1, Seq: 2, Cell: "a"}, {Gone: 3, Seq: 4, Cell: "b"}}
	want := []grownChunk{{Cell: "a", Seq: 2}, {Cell: "b", Seq: 4}}

	path := filepath.Join(t.TempDir(), "chunks.parquet")
	if err := Write(path, old, nil); err != nil {
		t.Fatal(err)
	}
	got, _, err := Read[grownChunk](path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Parquet (-want +got):\n%s", diff)
	}

	var journaled []grownChunk
	if torn, err := ReadJournal(journalOf(t, old), collect(&journaled)); err != nil || torn {
		t.Fatalf("torn %v, error %v", torn, err)
	}
	if diff := cmp.Diff(want, journaled); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

func TestFileThatDoesNotFitItsRowIsAnError(t *testing.T) {
	dir := t.TempDir()
	chunk := filepath.Join(dir, "chunks.parquet")
	if err := Write(chunk, []olderChunk{{}}, nil); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(dir, "newer.parquet")
	if err := Write(newer, []newerChunk{{}}, nil); err != nil {
		t.Fatal(err)
	}
	nulls := filepath.Join(dir, "nulls.parquet")
	if err := Write(nulls, []nullableChunk{{}}, nil); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, path string
		read       func(string) error
		want       string
	}{
		{"other table", chunk, readAs[Power], "read PATH: holds the chunks table, not power: give the file of the power table"},
		{"newer version", newer, readAs[Chunk], "read PATH: has version 2 of the chunks table, and this inferencex reads up to 1: read it with the inferencex that wrote it, or a newer one"},
		{"missing column", chunk, readAs[needyChunk], `read PATH: lacks the column "note" of the chunks table: make the file again, or read it with the inferencex that wrote it`},
		{"other type", chunk, readAs[retypedChunk], `read PATH: has the column "seq" as int64, not float64: make the file again`},
		{"no common column", chunk, readAs[strangerChunk], `read PATH: has none of the columns ["other"]: make the file again`},
		{"null", nulls, readAs[olderChunkWithoutGone], `read PATH: has a null in the column "seq", which must have a value in each row: make the file again`},
	} {
		t.Run(test.name, func(t *testing.T) { wantError(t, test.read(test.path), test.path, test.want) })
	}
}

type olderChunkWithoutGone struct {
	Seq int64 `col:"seq"`
}

func (olderChunkWithoutGone) identity() identity { return identity{"chunks", 1} }

func readAs[R any](path string) error {
	_, _, err := Read[R](path)
	return err
}

func TestFileThatIsNoWholeParquetSaysWhatItIs(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "chunks.parquet")
	if err := Write(whole, chunks(100), nil); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	noFooter := append(append([]byte(nil), data[:len(data)-8]...), 0xff, 0xff, 0xff, 0x7f, 'P', 'A', 'R', '1')
	for _, test := range []struct{ name, path, want string }{
		{"absent", filepath.Join(dir, "absent"), "read PATH: no such file or directory: check the path; the folder must exist"},
		{"folder", dir, "read PATH: is a directory: a folder has that name: give the path of a file"},
		{"empty", write("empty", nil), "read PATH: is empty: whatever wrote it did not finish; make the file again"},
		{"text", write("text", []byte("cell,trial\n")), `read PATH: is no Parquet file: it begins with "cell", not "PAR1"; give a .parquet file of a run directory`},
		{"short text", write("short", []byte("x")), `read PATH: is no Parquet file: it begins with "x\x00\x00\x00"`},
		{"journal", journalOf(t, chunks(3)), "read PATH: is a journal, not a Parquet file: give the Parquet file that was sealed from it"},
		{"cut", write("cut", data[:1000]), "read PATH: is a Parquet file cut short: its 1000 bytes end without a footer; copy it again from where it is whole, or make it again"},
		{"wrong footer", write("footer", noFooter), "read PATH: is damaged: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantError(t, readAs[Chunk](test.path), test.path, test.want)
			wantError(t, Scan(test.path, func([]Chunk) error { return nil }), test.path, test.want)
		})
	}
}

func TestParquetCutAnywhereIsAnError(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "chunks.parquet")
	if err := Write(path, chunks(100), nil); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut < len(data); cut += 7 {
		if err := os.WriteFile(path, data[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		if err := readAs[Chunk](path); err == nil {
			t.Fatalf("a file cut at %d of %d bytes was read", cut, len(data))
		}
	}
}

func TestScanEndsWithTheErrorOfEach(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chunks.parquet")
	if err := Write(path, chunks(5*batchRows), nil); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	calls := 0
	err := Scan(path, func(rows []Chunk) error { calls++; return stop })
	if err != stop || calls != 1 { //nolint:errorlint // the very error is promised
		t.Errorf("error %v after %d calls; want the error of each after 1", err, calls)
	}
}

// The layout of a file decides what it costs to read, and is easily lost in a change of options.
func TestLayoutOfAParquetFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chunks.parquet")
	if err := Write(path, chunks(rowGroupRows+1), nil); err != nil {
		t.Fatal(err)
	}
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n := r.NumRowGroups(); n != 2 || r.RowGroup(0).NumRows() != rowGroupRows {
		t.Fatalf("%d row groups, %d rows in the first", n, r.RowGroup(0).NumRows())
	}
	for i, c := range Columns[Chunk]() {
		chunk, err := r.RowGroup(0).MetaData().ColumnChunk(i)
		if err != nil {
			t.Fatal(err)
		}
		if got := chunk.Compression().String(); got != "ZSTD" {
			t.Errorf("%s: compression %s", c.Name, got)
		}
		if set, err := chunk.StatsSet(); err != nil || !set {
			t.Errorf("%s: no statistics (%v)", c.Name, err)
		}
		if got, want := chunk.HasDictionaryPage(), c.Name == "cell" || c.Name == "kind"; got != want {
			t.Errorf("%s: dictionary %v, want %v", c.Name, got, want)
		}
	}
}

func TestFileAppearsWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "chunks.parquet")
	if err := Write(path, chunks(10), nil); err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter[Chunk](path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(chunks(2 * batchRows)...); err != nil {
		t.Fatal(err)
	}
	if rows, _, err := Read[Chunk](path); err != nil || len(rows) != 10 {
		t.Errorf("before Close: %d rows, error %v; want the 10 of the old file", len(rows), err)
	}
	w.Abort()
	w.Abort()
	if err := w.Close(); err != nil {
		t.Errorf("close after abort: %v", err)
	}
	if rows, _, err := Read[Chunk](path); err != nil || len(rows) != 10 {
		t.Errorf("after Abort: %d rows, error %v; want the 10 of the old file", len(rows), err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("folder has %v (%v), want the one file", files, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v (%v), want one that others can read", info.Mode(), err)
	}
}

func TestAbortGivesAllMemoryBack(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	f, err := durable.Create(filepath.Join(t.TempDir(), "chunks.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWriter[Chunk](f, nil, mem)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(chunks(3 * batchRows)...); err != nil {
		t.Fatal(err)
	}
	w.Abort()
}

func TestWriteErrorsSayWhatToDo(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(folder, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, path, want string }{
		{"no folder", filepath.Join(dir, "no", "x.parquet"), "write PATH: no such file or directory: check the path; the folder must exist"},
		{"folder is a file", filepath.Join(file, "x.parquet"), "write PATH: not a directory: a part of the path is a file, not a folder: give another path"},
		{"name is a folder", folder, "write PATH: file exists: a folder has that name: give the path of a file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantError(t, Write(test.path, chunks(3), nil), test.path, test.want)
			cols := []Column{{Name: "a", Type: Int64}}
			wantError(t, WriteColumns(test.path, "cells", 1, cols, nil, nil), test.path, test.want)
		})
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

func TestParquetOnAFullDiskSaysSo(t *testing.T) {
	want := "write PATH: no space left on device: free space on that disk, or give a run directory on another one"
	for _, test := range []struct {
		name string
		rows int // few fail in Close, many in Append
	}{{"few rows", 10}, {"many rows", 3 * rowGroupRows}} {
		t.Run(test.name, func(t *testing.T) {
			disk := fullDisk(t)
			w, err := newWriter[Chunk](&durable.File{File: disk, Path: disk.Name()}, nil, memory.NewGoAllocator())
			if err != nil {
				t.Fatal(err)
			}
			if err = w.Append(chunks(test.rows)...); err == nil {
				err = w.Close()
			}
			wantError(t, err, disk.Name(), want)
			w.Abort()
		})
	}
}

func TestEmptyTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "power.parquet")
	if err := Write[Power](path, nil, nil); err != nil {
		t.Fatal(err)
	}
	rows, meta, err := Read[Power](path)
	if err != nil || len(rows) != 0 || meta[MetaTable] != "power" {
		t.Errorf("%d rows, meta %v, error %v", len(rows), meta, err)
	}
	r, err := newReader[Power](path, memory.NewGoAllocator())
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if _, err := r.next(); !errors.Is(err, io.EOF) {
		t.Errorf("next of an empty table: %v", err)
	}
}

// Another program that writes a file again, or one wrong byte, costs the units and docs at most.
func TestDamagedStoredSchemaCostsUnitsAndDocsOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chunks.parquet")
	if err := Write(path, chunks(100), nil); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte(storedSchemaKey)) + 500
	if data[at] != 'A' {
		data[at] = 'A'
	} else {
		data[at] = 'B'
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	rows, _, err := Read[Chunk](path)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "rows", chunks(100), rows)
	in, err := openParquet(path, memory.NewGoAllocator())
	if err != nil {
		t.Fatal(err)
	}
	defer in.close()
	left, err := in.reader.Schema()
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range Columns[Chunk]() {
		f := left.Field(i)
		if _, told := f.Metadata.GetValue(columnDoc); told || f.Name != c.Name || !arrow.TypeEqual(f.Type, c.Type.arrow()) || f.Nullable != c.Nullable {
			t.Errorf("column %d is %v, want %s of type %v without a doc", i, f, c.Name, c.Type)
		}
	}
}
