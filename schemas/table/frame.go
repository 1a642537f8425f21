package table

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// A frame is one message of an Arrow IPC stream as a journal has it:
//
//	4 bytes  0xffffffff
//	4 bytes  length of the metadata, a multiple of 8; 0 is the end mark of the stream, with nothing after it
//	n bytes  the metadata, padded, the last 16 bytes of it: length of the body (8), CRC-32C of the body (4), and
//	         CRC-32C of the metadata up to here (4)
//	m bytes  the body
//
// Arrow reads over whatever follows a message in its metadata, so a journal is a stream like any other; but no byte of one
// is believed here before its checksum is. Without it a crash that leaves zeros for a page gives rows of zeros, and a
// damaged length, which arrow-go trusts, claims all memory and kills the process.
const (
	frameHead    = 8
	frameTrailer = 16
	frameToken   = 0xffffffff
)

// castagnoli is the CRC-32C of b, for which processors have an instruction.
func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// frameWriter writes the messages of a stream as frames, each with one call of Write.
type frameWriter struct {
	w   io.Writer
	buf bytes.Buffer
}

var _ ipc.PayloadWriter = (*frameWriter)(nil)

func (f *frameWriter) Start() error { return nil }

func (f *frameWriter) WritePayload(p ipc.Payload) error {
	meta := p.Meta()
	defer meta.Release()
	padded := (meta.Len() + 7) / 8 * 8

	f.buf.Reset()
	f.buf.Write(binary.LittleEndian.AppendUint32(nil, frameToken))
	f.buf.Write(binary.LittleEndian.AppendUint32(nil, uint32(padded+frameTrailer)))
	f.buf.Write(meta.Bytes())
	f.buf.Write(make([]byte, padded-meta.Len()+frameTrailer))
	if err := p.SerializeBody(&f.buf); err != nil {
		return err
	}
	head, body := f.buf.Bytes()[:frameHead+padded+frameTrailer], f.buf.Bytes()[frameHead+padded+frameTrailer:]
	trailer := head[frameHead+padded:]
	binary.LittleEndian.PutUint64(trailer, uint64(len(body)))
	binary.LittleEndian.PutUint32(trailer[8:], castagnoli(body))
	binary.LittleEndian.PutUint32(trailer[12:], castagnoli(head[:len(head)-4]))
	_, err := f.w.Write(f.buf.Bytes())
	return err
}

// Close writes the end mark.
func (f *frameWriter) Close() error {
	_, err := f.w.Write(binary.LittleEndian.AppendUint64(nil, frameToken))
	return err
}

// Why a frameReader gave its last message. Others are errors of the disk.
var (
	errEnd     = errors.New("the end mark")
	errCut     = errors.New("cut short")
	errDamaged = errors.New("its checksums do not fit")
)

// frameReader gives the messages of a stream of frames as far as they are whole.
type frameReader struct {
	r       io.Reader
	left    int64 // bytes of the file that are not read yet
	mem     memory.Allocator
	refs    atomic.Int64
	message *ipc.Message // the last one, which is valid until the next
	stop    error        // why there is no further message
}

var _ ipc.MessageReader = (*frameReader)(nil)

// newFrameReader reads the frames of a file of size bytes.
func newFrameReader(r io.Reader, size int64, mem memory.Allocator) *frameReader {
	f := &frameReader{r: r, left: size, mem: mem}
	f.refs.Store(1)
	return f
}

// Message returns the next message, and io.EOF when there is no further one; stop says why.
func (f *frameReader) Message() (*ipc.Message, error) {
	f.drop()
	if f.stop == nil {
		f.message, f.stop = f.read()
	}
	if f.stop != nil {
		return nil, io.EOF
	}
	return f.message, nil
}

func (f *frameReader) read() (*ipc.Message, error) {
	var start [frameHead]byte
	n, err := f.fill(start[:])
	if token := binary.LittleEndian.AppendUint32(nil, frameToken); !bytes.HasPrefix(token, start[:min(n, 4)]) {
		return nil, errDamaged
	}
	if err != nil {
		return nil, err
	}
	size := int64(binary.LittleEndian.Uint32(start[4:]))
	switch {
	case size == 0 && f.left == 0:
		return nil, errEnd
	case size < frameTrailer || size%8 != 0:
		return nil, errDamaged
	case size > f.left:
		return nil, errCut
	}
	head := append(start[:], make([]byte, size)...)
	if _, err := f.fill(head[frameHead:]); err != nil {
		return nil, err
	}
	trailer := head[len(head)-frameTrailer:]
	if binary.LittleEndian.Uint32(trailer[12:]) != castagnoli(head[:len(head)-4]) {
		return nil, errDamaged
	}
	return f.body(head[frameHead:], int64(binary.LittleEndian.Uint64(trailer)), binary.LittleEndian.Uint32(trailer[8:]))
}

// body reads the body that belongs to the metadata of a message.
func (f *frameReader) body(meta []byte, size int64, sum uint32) (*ipc.Message, error) {
	if size > f.left {
		return nil, errCut
	}
	body := memory.NewResizableBuffer(f.mem)
	defer body.Release() // the message keeps it
	body.Resize(int(size))
	if _, err := f.fill(body.Bytes()); err != nil {
		return nil, err
	}
	if castagnoli(body.Bytes()) != sum {
		return nil, errDamaged
	}
	return ipc.NewMessage(memory.NewBufferBytes(meta), body), nil
}

// fill reads all of b, and says how much of it there was.
func (f *frameReader) fill(b []byte) (int, error) {
	n, err := io.ReadFull(f.r, b)
	f.left -= int64(n)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, errCut
	}
	if err != nil {
		return n, fmt.Errorf("after %d bytes of a message: %w", n, err)
	}
	return n, nil
}

func (f *frameReader) Retain() { f.refs.Add(1) }

func (f *frameReader) Release() {
	if f.refs.Add(-1) == 0 {
		f.drop()
	}
}

func (f *frameReader) drop() {
	if f.message != nil {
		f.message.Release()
		f.message = nil
	}
}
