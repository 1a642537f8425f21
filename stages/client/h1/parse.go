package h1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Head is what the head of an answer says, as far as it matters here.
type Head struct {
	Status          int
	Proto           string // such as HTTP/1.1
	ContentType     string
	ContentEncoding string
}

// Part is a piece of an answer.
type Part int

// The parts.
const (
	More Part = iota // more bytes are needed for the next part
	Top              // the head is whole
	Body             // some bytes of the body
	End              // the answer is whole; what is left is not part of it
)

const (
	maxLineBytes = 64 << 10
	maxHeadBytes = 1 << 20
)

// parser takes an answer apart as its bytes come in. Body bytes are handed on where they lie, without the frames of chunked coding. It is
// for one answer: see reset.
type parser struct {
	head  Head
	close bool // the connection cannot be used after this answer

	state    state
	line     []byte // the begin of a line that a read has cut
	lines    int    // bytes of the head, or of the trailer, so far
	left     int64  // bytes of the body or chunk that are still to come
	length   int64  // of the body; -1: not told
	chunked  bool
	unframed bool // a transfer coding other than chunked
}

type state int

const (
	inStatus state = iota
	inHeader
	inSizedBody
	inOpenBody // until the connection is closed
	inChunkSize
	inChunk
	inChunkEnd
	inTrailer
	atEnd
)

func (p *parser) reset() { *p = parser{line: p.line[:0], length: -1} }

// begun reports whether any byte of an answer has come.
func (p *parser) begun() bool { return p.state != inStatus || p.lines > 0 || len(p.line) > 0 }

// next takes the next part from the front of b: data is the body's where the part is Body, rest what follows the part.
func (p *parser) next(b []byte) (part Part, data, rest []byte, err error) {
	for {
		switch p.state {
		case inSizedBody, inChunk:
			if len(b) == 0 {
				return More, nil, nil, nil
			}
			n := int(min(int64(len(b)), p.left))
			if p.left -= int64(n); p.left == 0 {
				p.state = p.behindBody()
			}
			return Body, b[:n], b[n:], nil
		case inOpenBody:
			if len(b) == 0 {
				return More, nil, nil, nil
			}
			return Body, b, nil, nil
		case atEnd:
			return End, nil, b, nil
		}
		line, rest, ok, err := p.cutLine(b)
		if err != nil || !ok {
			return More, nil, nil, err
		}
		b = rest
		top, err := p.takeLine(line)
		p.line = p.line[:0]
		if err != nil {
			return More, nil, nil, err
		}
		if top {
			return Top, nil, b, nil
		}
	}
}

func (p *parser) behindBody() state {
	if p.state == inChunk {
		return inChunkEnd
	}
	return atEnd
}

// cutLine returns the next line without its end, or keeps what there is of it.
func (p *parser) cutLine(b []byte) (line, rest []byte, ok bool, err error) {
	stop := bytes.IndexByte(b, '\n')
	if stop < 0 {
		p.line = append(p.line, b...)
		if len(p.line) > maxLineBytes {
			return nil, nil, false, errors.New("a line of the answer's head is longer than 64 KiB")
		}
		return nil, nil, false, nil
	}
	line = b[:stop]
	if len(p.line) > 0 {
		p.line = append(p.line, line...)
		line = p.line
	}
	return bytes.TrimSuffix(line, []byte("\r")), b[stop+1:], true, nil
}

// takeLine takes in one line and reports whether it ends the head.
func (p *parser) takeLine(line []byte) (top bool, err error) {
	switch p.state {
	case inChunkSize:
		return false, p.takeChunkSize(line)
	case inChunkEnd:
		if len(line) > 0 {
			return false, errors.New("malformed chunked encoding: a chunk is longer than it says")
		}
		p.state = inChunkSize
		return false, nil
	}
	if p.lines += len(line) + 1; p.lines > maxHeadBytes {
		return false, errors.New("the head of the answer is longer than 1 MiB")
	}
	switch {
	case p.state == inStatus:
		p.state = inHeader
		return false, p.takeStatus(line)
	case p.state == inTrailer:
		if len(line) == 0 {
			p.state = atEnd
		}
		return false, nil
	case len(line) > 0:
		return false, p.takeField(line)
	case p.head.Status < http.StatusOK: // an interim answer: the real one follows
		close := p.close
		p.reset()
		p.close, p.lines = close, 1
		return false, nil
	}
	return true, p.frame()
}

func (p *parser) takeStatus(line []byte) error {
	proto, rest, _ := strings.Cut(string(line), " ")
	code, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	status, err := strconv.Atoi(code)
	if (proto != "HTTP/1.1" && proto != "HTTP/1.0") || err != nil || len(code) != 3 || status < 100 {
		return fmt.Errorf("malformed HTTP response %q", line[:min(len(line), 80)])
	}
	if status == http.StatusSwitchingProtocols {
		return errors.New("the server switched protocols though nothing else was asked for")
	}
	p.head = Head{Status: status, Proto: proto}
	p.close = proto == "HTTP/1.0"
	return nil
}

func (p *parser) takeField(line []byte) error {
	name, value, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(name) == 0 {
		return fmt.Errorf("malformed header line %q", line[:min(len(line), 80)])
	}
	value = bytes.TrimSpace(value)
	switch {
	case is(name, "content-type"):
		p.head.ContentType = string(value)
	case is(name, "content-encoding"):
		p.head.ContentEncoding = string(value)
	case is(name, "connection"):
		for option := range bytes.SplitSeq(value, []byte(",")) {
			switch option = bytes.TrimSpace(option); {
			case is(option, "close"):
				p.close = true
			case is(option, "keep-alive") && p.head.Proto == "HTTP/1.0":
				p.close = false
			}
		}
	case is(name, "transfer-encoding"):
		p.chunked = is(value, "chunked")
		p.unframed = !p.chunked
	case is(name, "content-length"):
		n, err := strconv.ParseUint(string(value), 10, 63)
		if err != nil || (p.length >= 0 && p.length != int64(n)) {
			return fmt.Errorf("bad Content-Length %q", value)
		}
		p.length = int64(n)
	}
	return nil
}

// is compares as HTTP compares its words.
func is(b []byte, word string) bool { return bytes.EqualFold(b, []byte(word)) }

// frame decides where the body ends (RFC 9112, 6.3).
func (p *parser) frame() error {
	switch {
	case p.unframed:
		return errors.New("the answer has a transfer encoding that was not asked for")
	case p.head.Status == http.StatusNoContent || p.head.Status == http.StatusNotModified:
		p.state = atEnd
	case p.chunked:
		p.state = inChunkSize
	case p.length == 0:
		p.state = atEnd
	case p.length > 0:
		p.state, p.left = inSizedBody, p.length
	default:
		p.state, p.close = inOpenBody, true
	}
	return nil
}

func (p *parser) takeChunkSize(line []byte) error {
	size := line
	if extension := bytes.IndexByte(line, ';'); extension >= 0 {
		size = line[:extension]
	}
	size = bytes.TrimRight(size, " \t")
	n := int64(0)
	for _, c := range size {
		digit, ok := hex(c)
		if !ok || n > 1<<40 {
			return fmt.Errorf("malformed chunked encoding: a chunk of size %q", line[:min(len(line), 80)])
		}
		n = n<<4 | digit
	}
	switch {
	case len(size) == 0:
		return errors.New("malformed chunked encoding: a chunk without a size")
	case n == 0:
		p.state, p.lines = inTrailer, 0
	default:
		p.state, p.left = inChunk, n
	}
	return nil
}

func hex(c byte) (int64, bool) {
	switch {
	case c >= '0' && c <= '9':
		return int64(c - '0'), true
	case c >= 'a' && c <= 'f':
		return int64(c-'a') + 10, true
	case c >= 'A' && c <= 'F':
		return int64(c-'A') + 10, true
	default:
		return 0, false
	}
}

// hangUp says what the end of the connection means: nil where it ends the body as it should.
func (p *parser) hangUp() error {
	switch {
	case p.state == inOpenBody || p.state == atEnd:
		return nil
	case !p.begun():
		return io.EOF
	default:
		return io.ErrUnexpectedEOF
	}
}
