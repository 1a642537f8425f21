// Package tokenizer makes tokens of text as a model does, by the tokenizer.json of HuggingFace that stands beside its weights: byte pair encoding
// over bytes, as GPT-2, Llama 3 and Qwen have it, or over words marked with ▁, as Llama 2, Mistral and Gemma do.
//
// Its invariant: what it encodes has the ids that HuggingFace's own library gives it. A file with a part that it does not know is refused, and never
// taken for something like it.
package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Tokenizer turns text into ids. It is safe for concurrent use.
type Tokenizer struct {
	raw    vocabulary // added tokens, found in the text as it is
	normal vocabulary // likewise, found in the normalized text
	shape  []normalizer
	pre    []splitter
	model  model
}

// File is a tokenizer and what it was read from.
type File struct {
	Path      string     // from the suite's folder
	Digest    string     // sha256 of the content, in hexadecimal
	Tokenizer *Tokenizer // nil: there is none
}

// Key is by what a tokenizer is known in a checkpoint key: its content. It is empty where there is none.
func (f File) Key() string {
	if f.Tokenizer == nil {
		return ""
	}
	return "sha256:" + f.Digest
}

// ErrUnsupported says that a tokenizer is of a kind, or has a part, that is not known here. It is to be tested for with errors.Is.
var ErrUnsupported = errors.New("not known here")

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%s is %w", fmt.Sprintf(format, args...), ErrUnsupported)
}

// Parse reads the text of a tokenizer.json. The error says which part of it is wrong, or is ErrUnsupported.
func Parse(text []byte) (*Tokenizer, error) {
	var file struct {
		Added        []addedToken    `json:"added_tokens"`
		Normalizer   json.RawMessage `json:"normalizer"`
		PreTokenizer json.RawMessage `json:"pre_tokenizer"`
		Model        json.RawMessage `json:"model"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("it is no tokenizer.json: %w", err)
	}
	if len(file.Model) == 0 {
		return nil, errors.New("it is no tokenizer.json: it has no model")
	}
	t := &Tokenizer{}
	var err error
	if t.shape, err = normalizers(file.Normalizer); err != nil {
		return nil, fmt.Errorf("normalizer: %w", err)
	}
	var bytes bool
	if t.pre, bytes, err = splitters(file.PreTokenizer); err != nil {
		return nil, fmt.Errorf("pre_tokenizer: %w", err)
	}
	if t.model, err = parseModel(file.Model, bytes); err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	for _, token := range file.Added {
		if !token.Normalized {
			t.raw.add(token)
			continue
		}
		token.Content = t.normalize(token.Content)
		t.normal.add(token)
	}
	return t, nil
}

// Encode returns the ids of a text, without those that a model's template puts around it. Tokens such as "<|im_end|>" that stand in the text are taken
// for themselves, as servers do.
func (t *Tokenizer) Encode(text string) []int64 {
	e := encoder{model: &t.model, ids: make([]int64, 0, len(text)/3)}
	for _, outer := range t.raw.cut(part{text: text, first: true}) {
		if outer.token {
			e.ids = append(e.ids, outer.id)
			continue
		}
		outer.text = t.normalize(outer.text)
		for _, inner := range t.normal.cut(outer) {
			if inner.token {
				e.ids = append(e.ids, inner.id)
				continue
			}
			for _, word := range t.split(inner) {
				e.word(word)
			}
		}
	}
	return e.ids
}

// Count returns the number of tokens of a text.
func (t *Tokenizer) Count(text string) int { return len(t.Encode(text)) }

func (t *Tokenizer) normalize(text string) string {
	for _, n := range t.shape {
		text = n(text)
	}
	return text
}

// split returns the words of a part, within which tokens are merged.
func (t *Tokenizer) split(p part) []string {
	words := []string{p.text}
	for _, s := range t.pre {
		var next []string
		for i, word := range words {
			next = s(next, word, p.first && i == 0)
		}
		words = next
	}
	return words
}
