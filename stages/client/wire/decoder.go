package wire

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Decoder reads the chunks of one stream, which mostly differ in one text alone: what stands around the text of a chunk is remembered, and a chunk with
// the same around it needs no parsing, for whatever a string holds, it does not change what is outside of it. The zero value is ready.
type Decoder struct {
	before, behind []byte // of the text, its quotes among them; empty: there is nothing to go by
	chunk          Chunk  // what they say
	kind           kind   // of the text
	fits           bool   // they are around the text of the chunk that was read last
}

// kind is which of a chunk's texts a string is.
type kind int8

const (
	content kind = iota
	reasoning
)

// Decode is the function Decode.
func (d *Decoder) Decode(data []byte, c *Chunk) error {
	if d.fits = d.again(data, c); d.fits {
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
	d.fits = true
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

// AppendContent appends the content of the chunk that Decode has just read from data, as it stands between the quotes of a JSON string: pieces so appended
// are one such text. Reasoning and calls of tools are left out.
func (d *Decoder) AppendContent(dst, data []byte) []byte {
	switch {
	case d.fits && d.kind == content:
		return append(dst, data[len(d.before):len(data)-len(d.behind)]...)
	case d.fits:
		return dst
	}
	quoted, _ := json.Marshal(contentOf(data)) // of a string there is always one
	return append(dst, quoted[1:len(quoted)-1]...)
}

// contentOf returns the content of a chunk, by encoding/json.
func contentOf(data []byte) string {
	var chunk object
	var choices []object
	if json.Unmarshal(data, &chunk) != nil || json.Unmarshal(chunk["choices"], &choices) != nil {
		return ""
	}
	var said strings.Builder
	for _, choice := range choices {
		said.WriteString(text(choice["text"]))
		var delta object
		if json.Unmarshal(choice["delta"], &delta) == nil {
			said.WriteString(contentText(delta["content"], 0))
		}
	}
	return said.String()
}

func (d *Decoder) text(c *Chunk) *int {
	if d.kind == reasoning {
		return &c.Reasoning
	}
	return &c.Content
}

// contentText returns the text of a content, without that of the parts that are thought.
func contentText(raw json.RawMessage, depth int) string {
	var list []json.RawMessage
	var part object
	switch {
	case isNull(raw) || depth > deepestPart:
		return ""
	case json.Unmarshal(raw, &list) == nil:
		var said strings.Builder
		for _, one := range list {
			said.WriteString(contentText(one, depth+1))
		}
		return said.String()
	case json.Unmarshal(raw, &part) == nil:
		if part.text(false, depth).content == 0 {
			return ""
		}
		for _, name := range []string{"text", "content", "output_text", "refusal"} {
			if said := contentText(part[name], depth+1); said != "" {
				return said
			}
		}
		return ""
	}
	return text(raw)
}
