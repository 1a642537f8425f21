package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// parquetSource is a Parquet file that is being read.
type parquetSource struct {
	file   *os.File
	reader *pqarrow.FileReader
	meta   Meta
	rows   int64
}

func openParquet(path string, mem memory.Allocator) (in *parquetSource, err error) {
	defer asError(&err)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if in == nil {
			f.Close()
		}
	}()
	if err := sniff(f); err != nil {
		return nil, err
	}
	props := parquet.NewReaderProperties(mem)
	props.BufferedStreamEnabled = true // else a whole column of a row group is read at once
	pf, err := file.NewParquetReader(f, file.WithReadProps(props))
	if err != nil {
		return nil, damaged(err)
	}
	meta := Meta{}
	for _, kv := range pf.MetaData().KeyValueMetadata() {
		switch {
		case kv.Key != storedSchemaKey:
			meta[kv.Key] = kv.GetValue()
		case !soundSchema(kv.GetValue()):
			// Another program wrote it, or it is damaged. Names and types stand elsewhere too, and only units and docs are lost.
			kv.Key = ""
		}
	}
	reader, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: 2 * batchRows}, mem)
	if err != nil {
		return nil, damaged(err)
	}
	return &parquetSource{file: f, reader: reader, meta: meta, rows: pf.NumRows()}, nil
}

// close gives the file back; there is nothing to lose in one that was only read.
func (in *parquetSource) close() { _ = in.file.Close() }

// batches are the batches of a file, which must come to as many rows as it says.
type batches struct {
	pqarrow.RecordReader
	rows, missing int64
}

// batches reads the columns with these names, as far as the file has them; without names, all.
func (in *parquetSource) batches(names []string) (b *batches, err error) {
	defer asError(&err)
	var leaves []int // nil: all
	for _, name := range names {
		if leaf := in.reader.ParquetReader().MetaData().Schema.ColumnIndexByName(name); leaf >= 0 {
			leaves = append(leaves, leaf)
		}
	}
	if len(leaves) == 0 && len(names) > 0 {
		return nil, fmt.Errorf("has none of the columns %q: make the file again", names)
	}
	r, err := in.reader.GetRecordReader(context.Background(), leaves, nil)
	if err != nil {
		return nil, damaged(err)
	}
	return &batches{RecordReader: r, rows: in.rows, missing: in.rows}, nil
}

// next returns the next batch, valid until the next call, and io.EOF after the last.
func (b *batches) next() (arrow.RecordBatch, error) {
	batch, err := next(b)
	switch {
	case err != nil:
		return nil, err
	case batch != nil:
		b.missing -= batch.NumRows()
		return batch, nil
	case b.missing != 0:
		return nil, damaged(fmt.Errorf("it has %d rows and says it has %d", b.rows-b.missing, b.rows))
	}
	return nil, io.EOF
}

// damaged says what to do about a file whose bytes make no sense.
func damaged(err error) error {
	return fmt.Errorf("is damaged: %w; make the file again, or copy it from where it is whole", err)
}

// sniff explains a file that is no whole Parquet file, by its first and last bytes.
func sniff(f *os.File) error {
	const magic = "PAR1"
	var head, tail [4]byte
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case info.Size() == 0:
		return errors.New("is empty: whatever wrote it did not finish; make the file again")
	}
	size := info.Size()
	if _, err := f.ReadAt(head[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if _, err := f.ReadAt(tail[:], max(size-int64(len(tail)), 0)); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case bytes.Equal(head[:], []byte{0xff, 0xff, 0xff, 0xff}):
		return errors.New("is a journal, not a Parquet file: give the Parquet file that was sealed from it")
	case string(head[:]) != magic:
		return fmt.Errorf("is no Parquet file: it begins with %q, not %q; give a .parquet file of a run directory", head[:], magic)
	case string(tail[:]) != magic:
		return fmt.Errorf("is a Parquet file cut short: its %d bytes end without a footer; copy it again from where it is whole, or make it again", size)
	}
	return nil
}
