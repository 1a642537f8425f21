package table

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// ReadJournal gives each the rows of a journal, in batches. torn says that the journal does not end as Close ends it: it was
// cut by a crash, or is damaged, and each was given all whole batches before that point. A file that is no journal of R is
// an error, as is one of each's, which ends the reading. The slice is only valid during the call; what is in it stays.
func ReadJournal[R any](path string, each func([]R) error) (torn bool, err error) {
	return readJournal(path, each, memory.NewGoAllocator())
}

func readJournal[R any](path string, each func([]R) error, mem memory.Allocator) (torn bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, durable.Error("read journal", path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, durable.Error("read journal", path, err)
	}
	var stopped error // by each, whose errors are not the file's
	torn, err = readStream(newFrameReader(bufio.NewReaderSize(f, journalBuffer), info.Size(), mem), mem, func(rows []R) error {
		stopped = each(rows)
		return stopped
	})
	if stopped != nil {
		return false, stopped
	}
	return torn, durable.Error("read journal", path, err)
}

// readStream gives each the rows of a stream, and says whether its end mark is missing.
func readStream[R any](frames *frameReader, mem memory.Allocator, each func([]R) error) (torn bool, err error) {
	batches, err := openStream[R](frames, mem)
	switch {
	case errors.Is(err, errCut): // before the first row
		return true, nil
	case err != nil:
		return false, err
	}
	defer batches.stream.Release()
	for {
		rows, err := batches.next()
		switch {
		case errors.Is(err, errEnd):
			return false, nil
		case errors.Is(err, errCut), errors.Is(err, errDamaged):
			return true, nil
		case err != nil:
			return false, err
		}
		if err := each(rows); err != nil {
			return false, err
		}
	}
}

// journalBuffer is how much is read of a journal at a time.
const journalBuffer = 256 << 10

// journalBatches are the rows of a journal.
type journalBatches[R any] struct {
	frames  *frameReader
	stream  *ipc.Reader
	decoder *decoder[R]
}

// openStream reads the beginning of a journal. The error is errCut if that is not whole.
func openStream[R any](frames *frameReader, mem memory.Allocator) (*journalBatches[R], error) {
	stream, err := ipc.NewReaderFromMessageReader(frames, ipc.WithAllocator(mem))
	switch {
	case errors.Is(frames.stop, errEnd), errors.Is(frames.stop, errDamaged):
		return nil, fmt.Errorf("is no journal, or its beginning is damaged: %w; give a journal of a run directory, or run the load again", frames.stop)
	case frames.stop != nil:
		return nil, frames.stop
	case err != nil:
		return nil, damaged(err)
	}
	b := &journalBatches[R]{frames: frames, stream: stream}
	if err = layoutOf[R]().check(Meta(stream.Schema().Metadata().ToMap())); err == nil {
		b.decoder, err = newDecoder[R](stream.Schema())
	}
	if err != nil {
		stream.Release()
		return nil, err
	}
	return b, nil
}

// next returns the next rows, valid until the next call. After the last it returns why it was the last: errEnd, errCut,
// errDamaged, or an error of the disk.
func (b *journalBatches[R]) next() ([]R, error) {
	batch, err := next(b.stream)
	if b.frames.stop != nil {
		return nil, b.frames.stop
	}
	if err != nil {
		return nil, err
	}
	return b.decoder.decode(batch)
}
