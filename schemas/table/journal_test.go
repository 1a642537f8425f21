package table

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// smallJournal writes three batches of few rows, and returns the file's bytes and its length after each batch.
func smallJournal(t testing.TB) (rows []Chunk, data []byte, ends []int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chunks.arrows")
	j, err := NewJournal[Chunk](path)
	if err != nil {
		t.Fatal(err)
	}
	rows = chunks(15)
	for len(ends) < 3 {
		if err := j.Append(rows[5*len(ends) : 5*len(ends)+5]...); err != nil {
			t.Fatal(err)
		}
		if err := j.batcher.flush(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, int(info.Size()))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	data, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return rows, data, ends
}

// readBytes reads a journal from memory, as ReadJournal reads a file.
func readBytes(data []byte) (rows []Chunk, torn bool, err error) {
	mem := memory.NewGoAllocator()
	torn, err = readStream(newFrameReader(bytes.NewReader(data), int64(len(data)), mem), mem, collect(&rows))
	return rows, torn, err
}

// wholeRows is how many rows lie in batches that end at or before cut.
func wholeRows(ends []int, cut int) (n int) {
	for _, end := range ends {
		if end <= cut {
			n += 5
		}
	}
	return n
}

func TestJournalCutAtAnyByteGivesItsWholeBatches(t *testing.T) {
	rows, data, ends := smallJournal(t)
	for cut := range len(data) + 1 {
		got, torn, err := readBytes(data[:cut])
		if err != nil {
			t.Fatalf("cut at %d of %d: %v", cut, len(data), err)
		}
		if want := cut < len(data); torn != want {
			t.Fatalf("cut at %d of %d: torn %v", cut, len(data), torn)
		}
		same(t, "cut", rows[:wholeRows(ends, cut)], got)
	}
}

// A machine that loses power can leave a file that ends in zeros, of the length it was to have or of another.
func TestJournalThatEndsInZerosIsTorn(t *testing.T) {
	rows, data, ends := smallJournal(t)
	for cut := ends[0]; cut < ends[2]; cut++ {
		for _, zeros := range []int{1, 8, 100, len(data) - cut} {
			got, torn, err := readBytes(append(data[:cut:cut], make([]byte, zeros)...))
			if err != nil || !torn {
				t.Fatalf("%d zeros from %d of %d: torn %v, error %v", zeros, cut, len(data), torn, err)
			}
			// The bytes that became zeros may have been zeros, so one more batch may be whole.
			if len(got) < wholeRows(ends, cut) {
				t.Fatalf("%d zeros from %d: %d rows, want at least %d", zeros, cut, len(got), wholeRows(ends, cut))
			}
			same(t, "zeros", rows[:len(got)], got)
		}
	}
}

// Whatever byte is wrong, the rows that are given back are right, and if any is missing the caller is told.
func TestJournalWithAFlippedByteGivesNoWrongRow(t *testing.T) {
	rows, data, _ := smallJournal(t)
	for i := range data {
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			flipped := append([]byte(nil), data...)
			flipped[i] ^= flip
			got, torn, err := readBytes(flipped)
			if err == nil && !torn && len(got) != len(rows) {
				t.Fatalf("byte %d ^ %#x: %d rows of %d, and no word of it", i, flip, len(got), len(rows))
			}
			same(t, "flipped", rows[:len(got)], got)
		}
	}
}

func TestJournalHoldsEachBatch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chunks.arrows")
	j, err := NewJournal[Chunk](path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	rows := chunks(batchRows + 10)
	stored := func(want int) {
		t.Helper()
		var got []Chunk
		torn, err := ReadJournal(path, collect(&got))
		if err != nil || !torn {
			t.Fatalf("open journal: torn %v, error %v", torn, err)
		}
		same(t, "stored", rows[:want], got)
	}
	stored(0)
	if err := j.Append(rows...); err != nil {
		t.Fatal(err)
	}
	stored(batchRows)
	if err := j.batcher.flush(); err != nil {
		t.Fatal(err)
	}
	stored(batchRows + 10)
}

func TestClosingAJournalTwiceIsHarmless(t *testing.T) {
	j, err := NewJournal[Chunk](filepath.Join(t.TempDir(), "chunks.arrows"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestErrorOfEachEndsTheReading(t *testing.T) {
	path := journalOf(t, chunks(3*batchRows))
	stop := errors.New("enough")
	calls := 0
	torn, err := ReadJournal(path, func([]Chunk) error { calls++; return stop })
	if err != stop || torn || calls != 1 { //nolint:errorlint // the very error is promised
		t.Errorf("torn %v, error %v after %d calls; want the error of each after 1", torn, err, calls)
	}
}

func TestJournalErrorsSayWhatToDo(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("file", "not a folder")
	parquet := filepath.Join(dir, "chunks.parquet")
	if err := Write(parquet, chunks(3), nil); err != nil {
		t.Fatal(err)
	}
	read := func(path string) error {
		_, err := ReadJournal(path, func([]Chunk) error { return nil })
		return err
	}
	start := func(path string) error { _, err := NewJournal[Chunk](path); return err }
	whole := journalOf(t, chunks(batchRows+3))
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	cut := write("cut.arrows", string(data[:len(data)-100]))
	seal := func(path string) error {
		_, err := Seal[Chunk](path, filepath.Join(dir, "out.parquet"), nil)
		return err
	}

	for _, test := range []struct{ name, path, want string }{
		{"exists", file, "start journal PATH: the file exists, and holds what an earlier load measured: move it away, or give another path"},
		{"no folder", filepath.Join(dir, "no", "x"), "start journal PATH: no such file or directory: check the path; the folder must exist"},
		{"folder is a file", filepath.Join(file, "x"), "start journal PATH: not a directory: a part of the path is a file, not a folder: give another path"},
	} {
		t.Run("start/"+test.name, func(t *testing.T) { wantError(t, start(test.path), test.path, test.want) })
	}
	for _, test := range []struct{ name, path, want string }{
		{"absent", filepath.Join(dir, "absent"), "read journal PATH: no such file or directory: check the path; the folder must exist"},
		{"folder", dir, "read journal PATH: is a directory: a folder has that name: give the path of a file"},
		{"text", file, "read journal PATH: is no journal"},
		{"parquet", parquet, "read journal PATH: is no journal"},
		{"other table", journalOf(t, []Power{{}}), "read journal PATH: holds the power table, not chunks: give the file of the chunks table"},
	} {
		t.Run("read/"+test.name, func(t *testing.T) { wantError(t, read(test.path), test.path, test.want) })
	}
	t.Run("seal/torn", func(t *testing.T) {
		wantError(t, seal(cut), cut, "seal journal PATH: it ends after 4096 whole rows without an end mark: the load that wrote it did not finish; run it again")
		if left, _ := filepath.Glob(filepath.Join(dir, "*out*")); left != nil {
			t.Errorf("a failed seal left %q", left)
		}
	})
}

// wantError compares the beginning of an error's message, in which PATH stands for path.
func wantError(t *testing.T, err error, path, want string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", want)
	}
	if got := strings.ReplaceAll(err.Error(), path, "PATH"); !strings.HasPrefix(got, want) {
		t.Errorf("error\n got %s\nwant %s", got, want)
	}
}

// fullDisk is a file on a disk without space. It goes through a link because a failed writer removes its file.
func fullDisk(t *testing.T) *os.File {
	t.Helper()
	link := filepath.Join(t.TempDir(), "full")
	if err := os.Symlink("/dev/full", link); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(link, os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("this system has no /dev/full: %v", err)
	}
	return f
}

func TestJournalOnAFullDiskSaysSoAndStaysFailed(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	j := newJournal[Chunk](fullDisk(t), mem)
	want := "append to journal PATH: no space left on device: free space on that disk, or give a run directory on another one"
	wantError(t, j.Append(chunks(batchRows)...), j.path, want)
	wantError(t, j.Append(chunks(1)...), j.path, want)
	wantError(t, j.Close(), j.path, "close journal PATH: no space left on device: free space")
}
