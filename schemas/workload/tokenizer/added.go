package tokenizer

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// addedToken is a token beside the model's, which is found in a text before anything is made of that.
type addedToken struct {
	ID         int64  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // not found within a word
	LStrip     bool   `json:"lstrip"`      // takes the space before it along
	RStrip     bool   `json:"rstrip"`      // takes the space behind it along
	Normalized bool   `json:"normalized"`  // found in the text after normalization
}

// part is a piece of a text: a token, or text.
type part struct {
	text  string
	first bool // the whole text begins with it
	token bool
	id    int64
}

// vocabulary finds added tokens.
type vocabulary struct {
	tokens  map[string]addedToken
	lengths [256][]int // of the tokens that begin with a byte, the longest first
}

func (v *vocabulary) add(t addedToken) {
	if t.Content == "" {
		return
	}
	if v.tokens == nil {
		v.tokens = map[string]addedToken{}
	}
	v.tokens[t.Content] = t
	of := &v.lengths[t.Content[0]]
	at, found := slices.BinarySearchFunc(*of, len(t.Content), func(have, want int) int { return want - have })
	if !found {
		*of = slices.Insert(*of, at, len(t.Content))
	}
}

// cut returns a text as the tokens in it and what is between them.
func (v *vocabulary) cut(text part) []part {
	if v.tokens == nil {
		return []part{text}
	}
	var parts []part
	done := 0
	for at := 0; at < len(text.text); {
		t, ok := v.at(text.text, at)
		if !ok {
			at++
			continue
		}
		start, end := at, at+len(t.Content)
		at = end
		before, behind := text.text[:start], text.text[end:]
		if t.SingleWord && (endsWithWord(before) || startsWithWord(behind)) {
			continue
		}
		if t.LStrip { // but for what the token before has taken
			start = max(done, len(strings.TrimRightFunc(before, isSpace)))
		}
		if t.RStrip {
			end = len(text.text) - len(strings.TrimLeftFunc(behind, isSpace))
		}
		if start > done {
			parts = append(parts, part{text: text.text[done:start], first: text.first && done == 0})
		}
		parts = append(parts, part{token: true, id: t.ID})
		done = end
	}
	if done < len(text.text) {
		parts = append(parts, part{text: text.text[done:], first: text.first && done == 0})
	}
	return parts
}

// at returns the longest token that begins at a byte of the text.
func (v *vocabulary) at(text string, at int) (addedToken, bool) {
	for _, n := range v.lengths[text[at]] {
		if at+n > len(text) {
			continue
		}
		if t, ok := v.tokens[text[at:at+n]]; ok {
			return t, true
		}
	}
	return addedToken{}, false
}

// isSpace is Unicode's White_Space.
func isSpace(r rune) bool { return unicode.Is(unicode.White_Space, r) }

// isWord says whether a rune is part of a word as Unicode has it for regular expressions.
func isWord(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
}

func endsWithWord(text string) bool {
	r, size := utf8.DecodeLastRuneInString(text)
	return size > 0 && isWord(r)
}

func startsWithWord(text string) bool {
	r, size := utf8.DecodeRuneInString(text)
	return size > 0 && isWord(r)
}
