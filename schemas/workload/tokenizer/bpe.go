package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// none is no token.
const none = -1

// model is byte pair encoding: two tokens that stand together become one, those that were learnt first before others.
type model struct {
	ids          map[string]int32
	merges       map[pair]merge
	bytes        bool       // words are bytes; else letters
	byteIDs      [256]int32 // of a byte by itself: of a word of bytes, or in place of a letter that has no token
	fallback     bool       // letters without a token are bytes
	unknown      int32      // what has no token at all; none: it is left out
	fuse         bool       // several of these in a row are one
	ignoreMerges bool       // a word that is a token is taken as it is
}

type pair struct{ left, right int32 }

type merge struct{ rank, id int32 }

// mergeText is a merge in a file: two texts, or one with a space between them.
type mergeText [2]string

func (m *mergeText) UnmarshalJSON(text []byte) error {
	if len(text) == 0 || text[0] != '"' {
		var both []string
		if err := json.Unmarshal(text, &both); err != nil || len(both) != 2 {
			return fmt.Errorf("the merge %s is not of two tokens", text)
		}
		m[0], m[1] = both[0], both[1]
		return nil
	}
	var joined string
	if err := json.Unmarshal(text, &joined); err != nil {
		return err
	}
	left, right, ok := strings.Cut(joined, " ")
	if !ok || strings.Contains(right, " ") {
		return fmt.Errorf("the merge %s is not of two tokens", text)
	}
	m[0], m[1] = left, right
	return nil
}

func parseModel(text json.RawMessage, bytes bool) (model, error) {
	var file struct {
		Vocab    map[string]int32 `json:"vocab"`
		Merges   []mergeText      `json:"merges"`
		Unknown  *string          `json:"unk_token"`
		Prefix   string           `json:"continuing_subword_prefix"`
		Suffix   string           `json:"end_of_word_suffix"`
		Dropout  float64          `json:"dropout"`
		Fuse     bool             `json:"fuse_unk"`
		Fallback bool             `json:"byte_fallback"`
		Whole    bool             `json:"ignore_merges"`
	}
	// The type first: the vocabulary of another one has another form.
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return model{}, err
	}
	if kind.Type != "BPE" && kind.Type != "" { // old files do not say
		return model{}, unsupported("the type %q", kind.Type)
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return model{}, err
	}
	switch {
	case len(file.Vocab) == 0:
		return model{}, errors.New("it has no vocab")
	case file.Prefix != "" || file.Suffix != "":
		return model{}, unsupported("a mark on parts of words (continuing_subword_prefix, end_of_word_suffix)")
	case file.Dropout != 0:
		return model{}, unsupported("dropout, which is for training,")
	}
	m := model{
		ids: file.Vocab, merges: make(map[pair]merge, len(file.Merges)), bytes: bytes,
		fallback: file.Fallback, fuse: file.Fuse, ignoreMerges: file.Whole, unknown: none,
	}
	for rank, both := range file.Merges {
		left, okLeft := m.ids[both[0]]
		right, okRight := m.ids[both[1]]
		id, ok := m.ids[both[0]+both[1]]
		if !ok || !okLeft || !okRight {
			return model{}, fmt.Errorf("the merge of %q and %q names a token that the vocab lacks", both[0], both[1])
		}
		m.merges[pair{left, right}] = merge{int32(rank), id}
	}
	for text, id := range m.ids {
		if id < 0 {
			return model{}, fmt.Errorf("the token %q has the id %d", text, id)
		}
	}
	if file.Unknown != nil {
		if id, ok := m.ids[*file.Unknown]; ok {
			m.unknown = id
		}
	}
	return m, m.readBytes()
}

// readBytes finds the tokens of bytes, and writes the vocabulary of a model of bytes by these.
func (m *model) readBytes() error {
	byteOf := map[rune]byte{}
	beyond := rune(256)
	for b := range 256 {
		name := fmt.Sprintf("<0x%02X>", b)
		if m.bytes {
			// Files have bytes as letters that can be seen: those of Latin-1 that can be, and others from U+0100 on for the rest.
			letter := rune(b)
			if b < '!' || b > '~' && b < 0xa1 || b == 0xad {
				letter = beyond
				beyond++
			}
			byteOf[letter], name = byte(b), string(letter)
		}
		id, ok := m.ids[name]
		switch {
		case ok:
			m.byteIDs[b] = id
		case m.bytes && m.fallback:
			return unsupported("byte_fallback of a model of bytes that lacks %q", name)
		default:
			m.byteIDs[b] = none
		}
	}
	if !m.bytes {
		return nil
	}
	words := make(map[string]int32, len(m.ids))
	for text, id := range m.ids {
		if word, ok := bytesOf(text, byteOf); ok {
			words[word] = id
		}
	}
	m.ids = words
	return nil
}

// bytesOf is a text of letters that stand for bytes.
func bytesOf(text string, byteOf map[rune]byte) (string, bool) {
	word := make([]byte, 0, len(text))
	for _, r := range text {
		b, ok := byteOf[r]
		if !ok {
			return "", false
		}
		word = append(word, b)
	}
	return string(word), true
}
