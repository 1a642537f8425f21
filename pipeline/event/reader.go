package event

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Reader reads a file of events, also one that is being written: what is not there yet, or half, is there at a later call.
type Reader struct {
	r    *bufio.Reader
	part []byte // of a line whose end is not there yet
	line int
}

// NewReader returns a reader of r.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, 64<<10)} }

// Next returns the next event and its line, without the newline. At the end of what is there it returns io.EOF, and a later call may return more.
// After a line that cannot be read it goes on with the next.
func (r *Reader) Next() (Event, []byte, error) {
	read, err := r.r.ReadBytes('\n')
	r.part = append(r.part, read...)
	if err != nil {
		return Event{}, nil, err // io.EOF: the rest of the line may come
	}
	line := r.part[:len(r.part)-1]
	r.part, r.line = nil, r.line+1
	var e Event
	if err := json.Unmarshal(line, &e); err != nil {
		return Event{}, line, fmt.Errorf("line %d is no event: %w", r.line, err)
	}
	return e, line, nil
}

// Each calls do for every event in r and returns what went wrong with lines that are none.
func Each(r io.Reader, do func(Event)) error {
	var errs []error
	for lines := NewReader(r); ; {
		e, _, err := lines.Next()
		switch {
		case errors.Is(err, io.EOF):
			return errors.Join(errs...)
		case err != nil && lines.part != nil:
			return errors.Join(append(errs, err)...) // of the file, not of a line
		case err != nil:
			errs = append(errs, err)
		default:
			do(e)
		}
	}
}
