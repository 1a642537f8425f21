package table

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// rowGroupRows bounds what a writer holds in memory, and what a reader must read to skip by statistics.
const rowGroupRows = 32 * batchRows

// pageBytes is how much of a column, before compression, makes a page.
const pageBytes = 1 << 20

// Writer writes a Parquet file of rows of type R that appears under its name when Close succeeds. It holds at most one row
// group, 128 Ki rows, in memory, compressed. A Writer is for one goroutine.
type Writer[R any] struct {
	path    string
	out     *parquetFile
	encoder *encoder[R]
	batcher batcher[R]
	done    bool
}

// NewWriter starts the file that will be at path. Its folder must exist. The caller ends it with Close or Abort.
func NewWriter[R any](path string, meta Meta) (*Writer[R], error) {
	f, err := durable.Create(path)
	if err != nil {
		return nil, durable.Error("write", path, err)
	}
	return newWriter[R](f, meta, memory.NewGoAllocator())
}

func newWriter[R any](f *durable.File, meta Meta, mem memory.Allocator) (*Writer[R], error) {
	w := &Writer[R]{path: f.Path, encoder: newEncoder[R](meta, mem)}
	w.batcher.write = w.write
	var err error
	if w.out, err = newParquetFile(f, w.encoder.schema, w.encoder.layout.dictionaries(), mem); err != nil {
		w.encoder.release()
		return nil, durable.Error("write", f.Path, err)
	}
	return w, nil
}

// Append adds rows. After an error the writer takes no more and returns the error again.
func (w *Writer[R]) Append(rows ...R) error {
	return durable.Error("write", w.path, w.batcher.append(rows))
}

// Close writes what waits and puts the file under its name, durably. If anything failed, then or before, the file that
// was there before, or none, is there still.
func (w *Writer[R]) Close() error {
	if w.done {
		return nil
	}
	if err := w.batcher.flush(); err != nil {
		w.Abort()
		return durable.Error("write", w.path, err)
	}
	w.done = true
	w.encoder.release()
	return durable.Error("write", w.path, w.out.publish())
}

// Abort drops the file. After Close it does nothing, so it can be deferred.
func (w *Writer[R]) Abort() {
	if w.done {
		return
	}
	w.done = true
	w.encoder.release()
	w.out.discard()
}

func (w *Writer[R]) write(rows []R) error {
	batch := w.encoder.encode(rows)
	defer batch.Release()
	return w.out.write(batch)
}

// Write writes rows as the Parquet file at path, which appears there whole or not at all.
func Write[R any](path string, rows []R, meta Meta) error {
	w, err := NewWriter[R](path, meta)
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := w.Append(rows...); err != nil {
		return err
	}
	return w.Close()
}

// Seal writes the rows of a closed journal as the Parquet file at path parquet and returns their number. A journal without
// its end mark is an error: its load did not finish, and what is left of it is no result. The journal
// stays as it is.
func Seal[R any](journal, parquet string, meta Meta) (rows int64, err error) {
	w, err := NewWriter[R](parquet, meta)
	if err != nil {
		return 0, err
	}
	defer w.Abort()
	torn, err := ReadJournal(journal, func(batch []R) error {
		rows += int64(len(batch))
		return w.Append(batch...)
	})
	switch {
	case err != nil:
		return 0, err
	case torn:
		return 0, fmt.Errorf("seal journal %s: it ends after %d whole rows without an end mark: the load that wrote it did not finish; run it again", journal, rows)
	}
	return rows, w.Close()
}

// parquetFile is a Parquet file that is being written.
type parquetFile struct {
	file   *durable.File
	buf    *bufio.Writer // also keeps pqarrow from closing the file before it is synced
	writer *pqarrow.FileWriter
}

func newParquetFile(f *durable.File, schema *arrow.Schema, dictionaries []string, mem memory.Allocator) (*parquetFile, error) {
	// A dictionary of distinct values is built in vain: with one on each column sealing chunks took 1.6 times as long, and
	// the file was a quarter larger.
	props := []parquet.WriterProperty{
		parquet.WithAllocator(mem),
		parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithDictionaryDefault(false),
		parquet.WithStats(true),
		parquet.WithMaxRowGroupLength(rowGroupRows),
		parquet.WithDataPageSize(pageBytes),
		parquet.WithCreatedBy("inferencex"),
	}
	for _, name := range dictionaries {
		props = append(props, parquet.WithDictionaryFor(name, true))
	}
	p := &parquetFile{file: f, buf: bufio.NewWriterSize(f, pageBytes)}
	stored, err := storeSchema(schema, mem)
	if err == nil {
		p.writer, err = pqarrow.NewFileWriter(schema, p.buf, parquet.NewWriterProperties(props...),
			pqarrow.NewArrowWriterProperties(pqarrow.WithAllocator(mem)))
	}
	if err == nil {
		err = p.writer.AppendKeyValueMetadata(storedSchemaKey, stored)
	}
	if err != nil {
		f.Discard()
		return nil, err
	}
	return p, nil
}

func (p *parquetFile) write(batch arrow.RecordBatch) error { return p.writer.WriteBuffered(batch) }

func (p *parquetFile) publish() error {
	if err := errors.Join(p.writer.Close(), p.buf.Flush()); err != nil {
		p.file.Discard()
		return err
	}
	return p.file.Publish()
}

// discard also closes the Parquet writer, whose memory is only given back by writing all of it.
func (p *parquetFile) discard() {
	p.buf.Reset(io.Discard)
	_ = p.writer.Close()
	p.file.Discard()
}
