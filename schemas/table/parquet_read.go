package table

import (
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// Read reads all rows of the Parquet file at path, and its metadata. Columns that R does not have are passed over; a
// nullable one that the file lacks is nil in each row.
func Read[R any](path string) ([]R, Meta, error) {
	r, err := newReader[R](path, memory.NewGoAllocator())
	if err != nil {
		return nil, nil, err
	}
	defer r.close()
	rows := make([]R, 0, min(max(r.in.rows, 0), maxReserved))
	for {
		batch, err := r.next()
		if errors.Is(err, io.EOF) {
			return rows, r.in.meta, nil
		}
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, batch...)
	}
}

// maxReserved is how many rows Read makes room for on the word of a file, which may be damaged.
const maxReserved = 1 << 20

// Scan gives each the rows of the Parquet file at path in batches, with only one batch in memory at a time. An error of
// each ends the scan and is returned as it is. The slice is only valid during the call; what is in it stays. It is
// an error if the file turns out to be damaged, after each has seen the rows before the damage.
func Scan[R any](path string, each func([]R) error) error {
	r, err := newReader[R](path, memory.NewGoAllocator())
	if err != nil {
		return err
	}
	defer r.close()
	for {
		batch, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(batch); err != nil {
			return err
		}
	}
}

// reader reads the rows of one Parquet file.
type reader[R any] struct {
	path    string
	in      *parquetSource
	batches *batches
	decoder *decoder[R]
}

func newReader[R any](path string, mem memory.Allocator) (*reader[R], error) {
	in, err := openParquet(path, mem)
	if err != nil {
		return nil, durable.Error("read", path, err)
	}
	r := &reader[R]{path: path, in: in}
	if err := r.start(); err != nil {
		r.close()
		return nil, durable.Error("read", path, err)
	}
	return r, nil
}

func (r *reader[R]) start() (err error) {
	l := layoutOf[R]()
	if err := l.check(r.in.meta); err != nil {
		return err
	}
	names := make([]string, len(l.fields))
	for i, f := range l.fields {
		names[i] = f.Name
	}
	if r.batches, err = r.in.batches(names); err != nil {
		return err
	}
	r.decoder, err = newDecoder[R](r.batches.Schema())
	return err
}

// next returns the next rows, valid until the next call, and io.EOF after the last.
func (r *reader[R]) next() ([]R, error) {
	batch, err := r.batches.next()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, durable.Error("read", r.path, err)
	}
	rows, err := r.decoder.decode(batch)
	return rows, durable.Error("read", r.path, err)
}

func (r *reader[R]) close() {
	if r.batches != nil {
		r.batches.Release()
	}
	r.in.close()
}
