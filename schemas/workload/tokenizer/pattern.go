package tokenizer

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// pattern finds pieces of a text.
type pattern interface {
	// spans covers the text by what the pattern finds and what is between, in order.
	spans(text string) []span
}

// span is a part of a text by its bytes.
type span struct {
	start, end int
	match      bool
}

// literalOrRegex is a pattern in a file.
type literalOrRegex struct {
	String *string `json:"String"`
	Regex  *string `json:"Regex"`
}

func (l literalOrRegex) compile() (pattern, error) {
	switch {
	case l.String != nil && *l.String != "":
		return literal(*l.String), nil
	case l.Regex != nil:
		return compile(*l.Regex)
	}
	return nil, errors.New("there is no pattern")
}

// literal is a text that is found as it is.
type literal string

func (l literal) spans(text string) []span {
	var all []span
	done := 0
	for {
		at := strings.Index(text[done:], string(l))
		if at < 0 {
			break
		}
		if at > 0 {
			all = append(all, span{done, done + at, false})
		}
		all = append(all, span{done + at, done + at + len(l), true})
		done += at + len(l)
	}
	if done < len(text) {
		all = append(all, span{done, len(text), false})
	}
	return all
}

// expression is a regular expression of Oniguruma's, which files are written for, by means of Go's. Nearly all of them end in spaceTail, whose lookahead
// Go's do not have; so that is done by hand: of a run of space before a word, the last one belongs to the word.
type expression struct {
	head *regexp.Regexp // anchored; nil where there is nothing but the tail
	tail bool
}

// spaceTail is all space but the last one before something else, or a single one.
const spaceTail = `\s+(?!\S)|\s+`

func compile(text string) (pattern, error) {
	head, tail := strings.CutSuffix(text, spaceTail)
	e := expression{tail: tail}
	if tail && head != "" {
		if !strings.HasSuffix(head, "|") {
			return nil, unsupported("the regular expression %s", text)
		}
		head = head[:len(head)-1]
	}
	if head == "" {
		return e, nil
	}
	goText, err := translate(head)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %s: %w", text, err)
	}
	if e.head, err = regexp.Compile(`\A(?:` + goText + `)`); err != nil {
		return nil, fmt.Errorf("the regular expression %s: %w: %w", text, ErrUnsupported, err)
	}
	return e, nil
}

func (e expression) spans(text string) []span {
	all := make([]span, 0, len(text)/4+1)
	between := 0 // where what is not found began
	for at := 0; at < len(text); {
		n := e.match(text[at:])
		if n == 0 {
			_, size := utf8.DecodeRuneInString(text[at:])
			at += size
			continue
		}
		if between < at {
			all = append(all, span{between, at, false})
		}
		all = append(all, span{at, at + n, true})
		at += n
		between = at
	}
	if between < len(text) {
		all = append(all, span{between, len(text), false})
	}
	return all
}

// match returns the length of what a text begins with, 0 if that is not found. A match of nothing is none.
func (e expression) match(text string) int {
	if e.head != nil {
		if found := e.head.FindStringIndex(text); found != nil && found[1] > 0 {
			return found[1]
		}
	}
	if !e.tail {
		return 0
	}
	run := len(text) - len(strings.TrimLeftFunc(text, isSpace))
	if run == len(text) {
		return run
	}
	_, last := utf8.DecodeLastRuneInString(text[:run])
	if run > last {
		return run - last
	}
	return run
}

// White space and digits as Oniguruma has them: those of Unicode.
const (
	space = `\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}`
	digit = `\p{Nd}`
)

// translate writes a regular expression as Go's package reads it. What that would read otherwise is ErrUnsupported.
func translate(text string) (string, error) {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			i++
			written, ok := escape(text[i], inClass)
			if !ok {
				return "", unsupported(`\%c`, text[i])
			}
			b.WriteString(written)
			continue
		case c == '[' && inClass, c == '&' && inClass && strings.HasPrefix(text[i:], "&&"):
			return "", unsupported("a class within a class")
		case c == '[' || c == ']':
			inClass = c == '['
		case inClass:
		case c == '^' || c == '$':
			return "", unsupported("%c", c)
		case c == '(' && strings.HasPrefix(text[i:], "(?") && !strings.HasPrefix(text[i:], "(?:") && !strings.HasPrefix(text[i:], "(?i:"):
			return "", unsupported("a group (?%c…)", text[min(i+2, len(text)-1)])
		}
		b.WriteByte(c)
		if c == '[' && i+1 < len(text) && text[i+1] == '^' {
			b.WriteByte('^')
			i++
		}
	}
	return b.String(), nil
}

// escape writes what stands behind a backslash.
func escape(c byte, inClass bool) (string, bool) {
	switch {
	case c == 's' && inClass:
		return space, true
	case c == 's':
		return "[" + space + "]", true
	case c == 'S' && !inClass:
		return "[^" + space + "]", true
	case c == 'd':
		return digit, true
	case c >= '0' && c <= '9', c >= 'a' && c <= 'z' && !strings.ContainsRune("nrtfvpx", rune(c)), c >= 'A' && c <= 'Z' && c != 'P':
		return "", false
	}
	return `\` + string(rune(c)), true
}
