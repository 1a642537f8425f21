package wire

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// walker reads strict JSON front to back. Once bad, it stays so, and every loop over it ends.
type walker struct {
	b   []byte
	i   int
	bad bool

	texts            int // strings that text has read; the last of them:
	textFrom, textTo int // b[textFrom:textTo] is between its quotes
	textKind         kind
}

const maxDepth = 64 // of nesting that skip follows

func (w *walker) space() {
	for w.i < len(w.b) && (w.b[w.i] == ' ' || w.b[w.i] == '\n' || w.b[w.i] == '\t' || w.b[w.i] == '\r') {
		w.i++
	}
}

// peek returns the next byte that is no white space, or 0 at the end.
func (w *walker) peek() byte {
	w.space()
	if w.bad || w.i >= len(w.b) {
		return 0
	}
	return w.b[w.i]
}

// consume passes over the byte want.
func (w *walker) consume(want byte) bool {
	if w.peek() != want {
		w.bad = true
		return false
	}
	w.i++
	return true
}

// open enters an object or array and reports whether it has a first member.
func (w *walker) open(begin, end byte) bool {
	if !w.consume(begin) {
		return false
	}
	if w.peek() == end {
		w.i++
		return false
	}
	return !w.bad
}

// more reports whether another member follows, and leaves the object or array if not.
func (w *walker) more(end byte) bool {
	switch w.peek() {
	case ',':
		w.i++
		return true
	case end:
		w.i++
		return false
	default:
		w.bad = true
		return false
	}
}

// name reads a member's name, which must have no escapes, and its colon.
func (w *walker) name() []byte {
	raw, plain := w.str()
	if !plain || !w.consume(':') {
		w.bad = true
		return nil
	}
	return raw
}

// str reads a string and returns what is between its quotes, and whether that has neither escapes nor bytes beyond ASCII.
func (w *walker) str() (raw []byte, plain bool) {
	if !w.consume('"') {
		return nil, false
	}
	from := w.i
	plain = true
	for w.plain(); w.i < len(w.b); w.i++ {
		switch b := w.b[w.i]; {
		case b == '"':
			raw = w.b[from:w.i]
			w.i++
			return raw, plain
		case b == '\\':
			plain = false
			w.i++ // the escape itself is checked where the text is wanted
			if w.i >= len(w.b) || !w.escape() {
				w.bad = true
				return nil, false
			}
		case b < ' ':
			w.bad = true
			return nil, false
		case b >= utf8.RuneSelf:
			plain = false
		}
	}
	w.bad = true
	return nil, false
}

// plain passes over bytes that mean nothing in a string, eight at a time, and stops at or a little before the first that does.
func (w *walker) plain() {
	const each = 0x0101010101010101
	for ; w.i+8 <= len(w.b); w.i += 8 {
		x := binary.LittleEndian.Uint64(w.b[w.i:])
		quote, escape := x^each*'"', x^each*'\\'
		// The highest bit of each byte that is below a space, a quote, a backslash or beyond ASCII; what stands above the lowest such may be wrong.
		if stop := ((x - each*' ') | (quote - each) | (escape - each) | x) & (each << 7); stop != 0 {
			w.i += bits.TrailingZeros64(stop) / 8
			return
		}
	}
}

// escape checks the escape whose letter is at i, and stops at its last byte.
func (w *walker) escape() bool {
	switch w.b[w.i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
		_, ok := hex4(w.b[w.i+1:])
		w.i += 4
		return ok
	default:
		return false
	}
}

// text reads null or a string and returns the bytes of UTF-8 that it stands for.
func (w *walker) text(k kind) int {
	if w.peek() != '"' {
		w.null()
		return 0
	}
	from := w.i + 1
	raw, plain := w.str()
	w.texts, w.textFrom, w.textTo, w.textKind = w.texts+1, from, from+len(raw), k
	if plain {
		return len(raw)
	}
	if !utf8.Valid(raw) { // encoding/json puts replacement characters in
		w.bad = true
		return 0
	}
	n := len(raw)
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		i++
		if raw[i] != 'u' {
			n-- // two bytes stand for one
			continue
		}
		r, _ := hex4(raw[i+1:])
		if r >= 0xd800 && r < 0xe000 { // half of a pair: rare enough to leave to encoding/json
			w.bad = true
			return 0
		}
		n += utf8.RuneLen(r) - len(`\u0000`)
		i += 4
	}
	return n
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// count reads a number of tokens.
func (w *walker) count() int32 {
	w.space()
	from, n := w.i, int32(0)
	for ; w.i < len(w.b) && w.b[w.i] >= '0' && w.b[w.i] <= '9' && w.i-from < 9; w.i++ {
		n = 10*n + int32(w.b[w.i]-'0')
	}
	switch digits := w.b[from:w.i]; {
	case len(digits) == 0, len(digits) > 1 && digits[0] == '0':
		w.bad = true
	case w.peek() != ',' && w.peek() != '}': // a fraction, or a larger number
		w.bad = true
	}
	return n
}

// null reads the literal null.
func (w *walker) null() { w.literal("null") }

func (w *walker) literal(want string) {
	w.space()
	if w.bad || len(w.b)-w.i < len(want) || string(w.b[w.i:w.i+len(want)]) != want {
		w.bad = true
		return
	}
	w.i += len(want)
}

// skip passes over any value.
func (w *walker) skip(depth int) {
	if depth > maxDepth {
		w.bad = true
		return
	}
	switch b := w.peek(); b {
	case '{':
		for more := w.open('{', '}'); more; more = w.more('}') {
			w.str()
			w.consume(':')
			w.skip(depth + 1)
		}
	case '[':
		for more := w.open('[', ']'); more; more = w.more(']') {
			w.skip(depth + 1)
		}
	case '"':
		w.str()
	case 't':
		w.literal("true")
	case 'f':
		w.literal("false")
	case 'n':
		w.null()
	default:
		w.number()
	}
}

// number passes over -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
func (w *walker) number() {
	if w.peek() == '-' {
		w.i++
	}
	if w.i < len(w.b) && w.b[w.i] == '0' {
		w.i++
	} else {
		w.digits()
	}
	if w.i < len(w.b) && w.b[w.i] == '.' {
		w.i++
		w.digits()
	}
	if w.i < len(w.b) && w.b[w.i]|0x20 == 'e' {
		w.i++
		if w.i < len(w.b) && (w.b[w.i] == '+' || w.b[w.i] == '-') {
			w.i++
		}
		w.digits()
	}
}

// digits passes over one digit or more.
func (w *walker) digits() {
	from := w.i
	for w.i < len(w.b) && w.b[w.i] >= '0' && w.b[w.i] <= '9' {
		w.i++
	}
	if w.i == from {
		w.bad = true
	}
}
