package table

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// chunks makes n rows like those of a load: 64 streams side by side, a token each 15 ms with jitter, in the order in which
// their events come.
func chunks(n int) []Chunk {
	rng := rand.New(rand.NewPCG(1, 2))
	rows := make([]Chunk, n)
	for i := range rows {
		rows[i] = Chunk{
			Cell:    `load.chat["qwen3-8b/h100/2gpu/64u/1024x256/t1"]`,
			Request: int64(i/64/256*64 + i%64),
			Seq:     int32(i / 64 % 256),
			T:       int64(i)*15_000_000/64 + rng.Int64N(1_000_000),
			Bytes:   1 + rng.Int32N(9),
			Tokens:  1,
			Kind:    "content",
		}
	}
	return rows
}

const benchRows = 1_000_000

func rowsPerSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)*benchRows/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkJournalAppend(b *testing.B) {
	rows := chunks(benchRows)
	dir := b.TempDir()
	b.ReportAllocs()
	for i := range b.N {
		path := filepath.Join(dir, fmt.Sprint(i))
		j, err := NewJournal[Chunk](path)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range rows {
			if err := j.Append(r); err != nil {
				b.Fatal(err)
			}
		}
		if err := j.Close(); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		reportSize(b, path)
		os.Remove(path)
		b.StartTimer()
	}
	rowsPerSecond(b)
}

func BenchmarkReadJournal(b *testing.B) {
	path := journalOf(b, chunks(benchRows))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		torn, err := ReadJournal(path, func(rows []Chunk) error { n += len(rows); return nil })
		if err != nil || torn || n != benchRows {
			b.Fatal(n, torn, err)
		}
	}
	rowsPerSecond(b)
}

func BenchmarkSeal(b *testing.B) {
	path := journalOf(b, chunks(benchRows))
	out := filepath.Join(b.TempDir(), "chunks.parquet")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Seal[Chunk](path, out, nil); err != nil {
			b.Fatal(err)
		}
	}
	rowsPerSecond(b)
	reportSize(b, out)
}

func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "chunks.parquet")
	if err := Write(path, chunks(benchRows), nil); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if rows, _, err := Read[Chunk](path); err != nil || len(rows) != benchRows {
			b.Fatal(len(rows), err)
		}
	}
	rowsPerSecond(b)
}

func BenchmarkScan(b *testing.B) {
	path := filepath.Join(b.TempDir(), "chunks.parquet")
	if err := Write(path, chunks(benchRows), nil); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := Scan(path, func([]Chunk) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	rowsPerSecond(b)
}

func journalOf[R any](tb testing.TB, rows []R) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "journal.arrows")
	j, err := NewJournal[R](path)
	if err != nil {
		tb.Fatal(err)
	}
	if err := j.Append(rows...); err != nil {
		tb.Fatal(err)
	}
	if err := j.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}

func reportSize(b *testing.B, path string) {
	b.Helper()
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/benchRows, "file-B/row")
}
