// Package sse cuts server-sent events out of the bytes of a stream. Its invariant: the events do not depend on how reads cut the stream,
// and none of them costs an allocation, nor a copy unless a read has cut it.
package sse

import (
	"bytes"
	"errors"
)

const maxBytes = 16 << 20 // an event larger than this is no token

// ErrTooLarge says that a stream holds an event larger than any that a completion has.
var ErrTooLarge = errors.New("an event of the stream is larger than 16 MiB")

// Scanner finds events (HTML standard, 9.2.6) in the bytes that it is fed, where they lie. Line ends are \n, \r\n and \r; fields other than data
// and event, and comments, are passed over. The zero value is ready.
//
// Reading and cutting are apart so that the reader can look at the clock between them:
//
//	n, err := body.Read(room); t := clock.NowNS(); s.Feed(room[:n]); for s.Next() { … s.Data … }
type Scanner struct {
	Data   []byte // the event that was found, until the next call: its data lines, joined by \n
	Failed bool   // the event is named "error"

	buf  []byte // what was fed last, behind what was left of the feeds before
	kept []byte // room for what is left over, in which buf then lies
	line int    // where the line being looked for begins
	scan int    // buf[line:scan] holds no line end

	first, last int  // buf[first:last] is the data of the event being put together
	hasData     bool // there is such data, if only an empty line
	isError     bool // event: error was among its lines
	skipLF      bool // a \r ended the last read: a \n that follows it is the same line end
	begun       bool // the first line, which may carry a byte order mark, is over
}

// Feed hands over the next bytes of the stream, for as long as it takes Next to return false. The scanner may write to them. All events of what was
// fed before must have been taken.
func (s *Scanner) Feed(b []byte) error {
	if len(s.buf) == 0 {
		s.buf = b
		return nil
	}
	if len(s.buf)+len(b) > maxBytes {
		return ErrTooLarge
	}
	s.kept = append(s.kept, b...) // buf lies in it: see keep
	s.buf = s.kept
	return nil
}

// Next finds the next whole event that has data, and returns false where more bytes are needed for it.
func (s *Scanner) Next() bool {
	for {
		from, to, ok := s.nextLine()
		if !ok {
			s.keep()
			return false
		}
		if from < to {
			s.field(from, to)
			continue
		}
		s.begun = true
		if s.dispatch() {
			return true
		}
	}
}

// keep puts away what was fed and belongs to an event that is not whole yet.
func (s *Scanner) keep() {
	from := s.line
	if s.hasData {
		from = s.first
	}
	if from == 0 && len(s.buf) > 0 && len(s.kept) == len(s.buf) {
		return // it lies there already
	}
	s.kept = append(s.kept[:0], s.buf[from:]...) // or moves to the front
	s.buf = s.kept
	s.line, s.scan = s.line-from, s.scan-from
	s.first, s.last = s.first-from, s.last-from
}

// Finish returns the event that the end of the stream left without its empty line, if there is one. A last line without its line end
// counts only where the stream ended cleanly: else it was cut.
func (s *Scanner) Finish(clean bool) bool {
	if clean && s.line < len(s.buf) {
		s.field(s.line, len(s.buf))
		s.line, s.scan = len(s.buf), len(s.buf)
	}
	return s.dispatch()
}

// dispatch ends the event being put together and reports whether it has data.
func (s *Scanner) dispatch() bool {
	found := s.hasData
	if found {
		s.Data, s.Failed = s.buf[s.first:s.last], s.isError
	}
	s.hasData, s.isError = false, false
	return found
}

// nextLine returns where the next line lies, without its end. Two passes of IndexByte are faster than one of IndexAny.
func (s *Scanner) nextLine() (from, to int, ok bool) {
	if s.skipLF && s.scan < len(s.buf) {
		if s.buf[s.scan] == '\n' {
			s.scan++
			s.line++
		}
		s.skipLF = false
	}
	rest := s.buf[s.scan:]
	stop := bytes.IndexByte(rest, '\n')
	next := stop + 1
	if stop >= 0 {
		rest = rest[:stop]
	}
	if cr := bytes.IndexByte(rest, '\r'); cr >= 0 {
		if cr != stop-1 { // a \r that no \n follows, or none yet
			next = cr + 1
			s.skipLF = s.scan+next == len(s.buf)
		}
		stop = cr
	}
	if stop < 0 {
		s.scan = len(s.buf)
		return 0, 0, false
	}
	from, to = s.line, s.scan+stop
	s.scan += next
	s.line = s.scan
	return from, to, true
}

// field takes in one line of an event.
func (s *Scanner) field(from, to int) {
	line := s.buf[from:to]
	if !s.begun {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
		s.begun = true
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "event":
		s.isError = string(value) == "error"
	case "data":
		if s.hasData {
			// A further line moves up behind the one before it. It leaves its field name behind, so there is room.
			s.buf[s.last] = '\n'
			s.last += 1 + copy(s.buf[s.last+1:], value)
			return
		}
		s.first, s.last, s.hasData = to-len(value), to, true
	}
}
