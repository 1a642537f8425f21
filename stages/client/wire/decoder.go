package wire

import "bytes"

// Decoder reads the chunks of one stream, which mostly differ in one text alone: what stands around the text of a chunk is remembered, and a chunk with
// the same around it needs no parsing, for whatever a string holds, it does not change what is outside of it. The zero value is ready.
type Decoder struct {
	before, behind []byte // of the text, its quotes among them; empty: there is nothing to go by
	chunk          Chunk  // what they say
	kind           kind   // of the text
}

// kind is which of a chunk's texts a string is.
type kind int8

const (
	content kind = iota
	reasoning
)

// Decode is the function Decode.
func (d *Decoder) Decode(data []byte, c *Chunk) error {
	if d.again(data, c) {
		return nil
	}
	*c = Chunk{}
	w := walker{b: data}
	if !w.decode(c) {
		*c = Chunk{}
		return decodeJSON(data, c)
	}
	d.learn(&w, c)
	return nil
}

// Reset forgets the stream.
func (d *Decoder) Reset() { d.before, d.behind = d.before[:0], d.behind[:0] }

// learn remembers what is around the text of a chunk, if there is one text.
func (d *Decoder) learn(w *walker, c *Chunk) {
	d.Reset()
	if w.texts != 1 {
		return
	}
	d.before = append(d.before, w.b[:w.textFrom]...)
	d.behind = append(d.behind, w.b[w.textTo:]...)
	d.chunk, d.kind = *c, w.textKind
	*d.text(&d.chunk) = 0
}

// again reads a chunk that is the one before but for its text, and reports whether it is.
func (d *Decoder) again(data []byte, c *Chunk) bool {
	to := len(data) - len(d.behind)
	if len(d.before) == 0 || to < len(d.before) || !bytes.HasPrefix(data, d.before) || !bytes.HasSuffix(data, d.behind) {
		return false
	}
	w := walker{b: data, i: len(d.before) - 1}
	n := w.text(d.kind)
	if w.bad || w.i != to+1 {
		return false
	}
	*c = d.chunk
	*d.text(c) = n
	return true
}

func (d *Decoder) text(c *Chunk) *int {
	if d.kind == reasoning {
		return &c.Reasoning
	}
	return &c.Content
}
