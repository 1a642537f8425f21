package checkpoint

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// A document is JSON text that is taken apart where it stands. A plan of 10,000 cells has as many configurations and manifests, and decoding all of
// them would be most of what it takes to find that nothing is to be done. It goes wrong in silence on text that no encoder has made: what may be
// damaged is held against a digest or decoded.

const blanks = " \t\r\n"

// cut takes the first value off a text, with the blanks before it. Ok is false if there is none, or if it has no end.
func cut(text []byte) (value, rest []byte, ok bool) {
	text = bytes.TrimLeft(text, blanks)
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			n := quoted(text[i:])
			if n == 0 {
				return nil, nil, false
			}
			i += n - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth == 0 {
				return text[:i], text[i:], i > 0
			}
			depth--
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return text[:i], text[i:], i > 0
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return text[:i+1], text[i+1:], true
		}
	}
	return text, nil, depth == 0 && len(text) > 0
}

// quoted returns the length of the string that a text begins with, quotation marks included; 0 if it has no end.
func quoted(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// members calls do for each member of an object, in the order of the text, and reports whether that is one.
func members(object []byte, do func(name string, value []byte) bool) bool {
	return items(object, '{', '}', func(item []byte) (rest []byte, ok bool) {
		quotedName, rest, ok := cut(item)
		rest = bytes.TrimLeft(rest, blanks)
		if !ok || len(rest) == 0 || rest[0] != ':' {
			return nil, false
		}
		value, rest, ok := cut(rest[1:])
		if !ok {
			return nil, false
		}
		name, ok := unquote(quotedName)
		return rest, ok && do(name, value)
	})
}

// elements calls do for each element of a list, and reports whether that is one.
func elements(list []byte, do func(value []byte) bool) bool {
	return items(list, '[', ']', func(item []byte) (rest []byte, ok bool) {
		value, rest, ok := cut(item)
		return rest, ok && do(value)
	})
}

// items calls take where an item begins, for as long as it says that one was there, and goes on behind what it took.
func items(text []byte, open, end byte, each func(item []byte) (rest []byte, ok bool)) bool {
	if len(text) < 2 || text[0] != open {
		return false
	}
	rest := bytes.TrimLeft(text[1:], blanks)
	if len(rest) > 0 && rest[0] == end {
		return true
	}
	for {
		var ok bool
		if rest, ok = each(rest); !ok {
			return false
		}
		rest = bytes.TrimLeft(rest, blanks)
		switch {
		case len(rest) > 0 && rest[0] == ',':
			rest = rest[1:]
		default:
			return len(rest) > 0 && rest[0] == end
		}
	}
}

// unquote returns what a string says.
func unquote(text []byte) (string, bool) {
	if isPlain(text) && len(text) >= 2 && text[0] == '"' {
		return string(text[1 : len(text)-1]), true
	}
	var s string
	err := json.Unmarshal(text, &s)
	return s, err == nil
}

// appendQuoted appends a string as encoding/json writes it.
func appendQuoted(to []byte, s string) []byte {
	if isPlain(s) && !strings.Contains(s, `"`) {
		return append(append(append(to, '"'), s...), '"')
	}
	text, _ := json.Marshal(s) // which no string makes fail
	return append(to, text...)
}

// isPlain reports whether every encoder would write the string or the number like this.
func isPlain[T string | []byte](text T) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// canonical appends a value as encoding/json writes a decoded one: without blanks, and members sorted by name.
func canonical(to, value []byte) ([]byte, bool) {
	value = bytes.Trim(value, blanks)
	switch {
	case len(value) == 0:
		return nil, false
	case value[0] == '{':
		return canonicalObject(to, value)
	case value[0] == '[':
		to = append(to, '[')
		ok := elements(value, func(element []byte) (ok bool) {
			to, ok = canonical(to, element)
			to = append(to, ',')
			return ok
		})
		return end(to, '[', ']'), ok
	case isPlain(value):
		return append(to, value...), true
	}
	text, err := again(value)
	return append(to, text...), err == nil
}

func canonicalObject(to, value []byte) ([]byte, bool) {
	type member struct {
		name  string
		value []byte
	}
	all := make([]member, 0, 32)
	ok := members(value, func(name string, value []byte) bool {
		all = append(all, member{name, value})
		return true
	})
	slices.SortFunc(all, func(a, b member) int { return strings.Compare(a.name, b.name) })
	to = append(to, '{')
	for _, m := range all {
		var whole bool
		to, whole = canonical(append(appendQuoted(to, m.name), ':'), m.value)
		to = append(to, ',')
		ok = ok && whole
	}
	return end(to, '{', '}'), ok
}

// end closes what was opened, in the place of the comma behind its last item.
func end(text []byte, open, end byte) []byte {
	if text[len(text)-1] != open {
		text = text[:len(text)-1]
	}
	return append(text, end)
}

// again decodes a value and writes it anew.
func again(value []byte) ([]byte, error) {
	var s any
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	if err := decoder.Decode(&s); err != nil {
		return nil, err
	}
	return json.Marshal(s)
}
