// Package tokenizer is the simulated model's vocabulary: deterministic,
// reversible and exact to the token without any table of merges.
//
// Invariant: Decode(Encode(s)) == s for every string s, and a text made of
// vocabulary words encodes to exactly those words, one token each, however
// many are strung together.
//
// A token is one of three things:
//
//   - A word, id 0 ≤ id < Words: a space and either an English word of words.txt,
//     " time", id < Common, or three syllables, " badoku". Every id in the range
//     of a real vocabulary is one of these.
//   - A piece of other text: up to six ASCII letters and digits with the space
//     before them, or one character of any other kind. The id carries the
//     bytes, so English comes to about 1.3 tokens per word, as it does on real
//     vocabularies. Ids stay below 2^53 and survive any JSON parser.
//   - A special token of the chat template. Text never encodes to one.
//
// A client that counts an answer with the tokenizer of the model that it takes
// the server for is to find as many tokens as the server has made: answers are
// of the English words, each of which is one token in the vocabularies of all
// the families in testdata/families.csv.
package tokenizer

import (
	_ "embed"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	consonants = "bcdfghjklmnpqrstvwxz"
	vowels     = "aeiou"
	syllables  = 100 // consonants × vowels; untyped, as ids are int64
	wordBytes  = 6   // three syllables, without the space

	// Common is the number of English words, which have the first ids.
	Common = 1024
	// Words is the number of vocabulary words.
	Words = syllables * syllables * syllables

	// A piece's id: a flag, whether a space comes first, how many bytes, the bytes.
	pieceFlag  = 1 << 52
	pieceSpace = 1 << 51
	lengthBit  = 48
	pieceBytes = 6
)

// The chat template, in ids from Words on.
const (
	messageStart = Words + iota
	messageEnd
	roleSystem
	roleUser
	roleAssistant
	roleTool
	endOfSpecials
)

// TemplateTokensPerMessage and TemplateTokens are what the chat template adds:
// so many for each message and so many once, to have the assistant begin.
const (
	TemplateTokensPerMessage = 3
	TemplateTokens           = 2
)

func specialText(id int64) string {
	return [...]string{"<|start|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|tool|>"}[id-Words]
}

//go:embed words.txt
var wordList string

// commonWords has the English words in the order of their ids, and commonIDs their ids. None is longer than a piece, so that a text is cut around them
// as it is around any other.
var (
	commonWords = strings.Fields(wordList)
	commonIDs   = idsOf(commonWords)
)

func idsOf(words []string) map[string]int64 {
	ids := make(map[string]int64, len(words))
	for id, word := range words {
		ids[word] = int64(id)
	}
	return ids
}

// AppendWord appends vocabulary word `id`, 0 ≤ id < Words, with the space before it.
func AppendWord(dst []byte, id int) []byte {
	dst = append(dst, ' ')
	if id < Common {
		return append(dst, commonWords[id]...)
	}
	for _, s := range [...]int{id / (syllables * syllables), id / syllables % syllables, id % syllables} {
		dst = append(dst, consonants[s/len(vowels)], vowels[s%len(vowels)])
	}
	return dst
}

// wordID returns the id of the word with these letters, if they make one.
func wordID(letters string) (int64, bool) {
	if id, ok := commonIDs[letters]; ok {
		return id, true
	}
	if len(letters) != wordBytes {
		return 0, false
	}
	id := 0
	for i := 0; i < wordBytes; i += 2 {
		c, v := strings.IndexByte(consonants, letters[i]), strings.IndexByte(vowels, letters[i+1])
		if c < 0 || v < 0 {
			return 0, false
		}
		id = id*syllables + c*len(vowels) + v
	}
	return int64(id), id >= Common
}

// Encode returns the tokens of a text.
func Encode(text string) []int64 { return appendEncode(nil, text) }

// appendEncode appends the tokens of a text.
func appendEncode(dst []int64, text string) []int64 {
	for text != "" {
		space := 0
		if text[0] == ' ' && len(text) > 1 && alphanumeric(text[1]) {
			space = 1
		}
		n := space
		for n < len(text) && n-space < pieceBytes && alphanumeric(text[n]) {
			n++
		}
		if n == 0 {
			_, n = utf8.DecodeRuneInString(text)
		}
		dst = append(dst, encodePiece(text[space:n], space == 1))
		text = text[n:]
	}
	return dst
}

func encodePiece(s string, space bool) int64 {
	if space {
		if id, ok := wordID(s); ok {
			return id
		}
	}
	id := int64(pieceFlag | len(s)<<lengthBit)
	if space {
		id |= pieceSpace
	}
	for i := range len(s) {
		id |= int64(s[i]) << (8 * i)
	}
	return id
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// Decode returns the text of tokens. An id outside the vocabulary is an error.
func Decode(tokens []int64) (string, error) {
	var out []byte
	for i, id := range tokens {
		switch {
		case 0 <= id && id < Words:
			out = AppendWord(out, int(id))
		case Words <= id && id < endOfSpecials:
			out = append(out, specialText(id)...)
		default:
			piece, ok := decodePiece(id)
			if !ok {
				return "", fmt.Errorf("token %d: id %d is not in the vocabulary", i, id)
			}
			out = append(out, piece...)
		}
	}
	return string(out), nil
}

func decodePiece(id int64) (string, bool) {
	n := int(id >> lengthBit & 7)
	if id < pieceFlag || id >= 2*pieceFlag || n < 1 || n > pieceBytes {
		return "", false
	}
	b := make([]byte, 0, 1+pieceBytes)
	if id&pieceSpace != 0 {
		b = append(b, ' ')
	}
	for i := range n {
		b = append(b, byte(id>>(8*i)))
	}
	// Only what Encode makes is a token: unused bytes are zero, a word has its own id.
	text := string(b)
	if again := appendEncode(nil, text); len(again) != 1 || again[0] != id {
		return "", false
	}
	return text, true
}

// Valid reports whether an id is in the vocabulary.
func Valid(id int64) bool {
	if 0 <= id && id < endOfSpecials {
		return true
	}
	_, ok := decodePiece(id)
	return ok
}

// Message is one turn of a chat.
type Message struct {
	Role, Content string
}

// EncodeChat returns the tokens of a chat under the template:
// TemplateTokensPerMessage around each message and TemplateTokens at the end.
func EncodeChat(messages []Message) ([]int64, error) {
	var out []int64
	for i, m := range messages {
		role, ok := map[string]int64{
			"system": roleSystem, "developer": roleSystem, "user": roleUser, "assistant": roleAssistant, "tool": roleTool,
		}[m.Role]
		if !ok {
			return nil, fmt.Errorf("message %d: unknown role %q", i, m.Role)
		}
		out = append(appendEncode(append(out, messageStart, role), m.Content), messageEnd)
	}
	return append(out, messageStart, roleAssistant), nil
}
