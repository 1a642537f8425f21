package tokenizer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// splitter appends the pieces of a word to a list. The first word is the one that the whole text begins with.
type splitter func(words []string, word string, first bool) []string

// byteWords is how GPT-2 cuts a text into words.
const byteWords = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|` + spaceTail

// stage is a pre-tokenizer in a file.
type stage struct {
	Type           string            `json:"type"`
	Pretokenizers  []json.RawMessage `json:"pretokenizers"` // of a Sequence
	AddPrefixSpace *bool             `json:"add_prefix_space"`
	UseRegex       *bool             `json:"use_regex"`
	Pattern        literalOrRegex    `json:"pattern"`
	Behavior       string            `json:"behavior"`
	Invert         bool              `json:"invert"`
	Individual     bool              `json:"individual_digits"`
	Replacement    string            `json:"replacement"`
	PrependScheme  string            `json:"prepend_scheme"`
	Split          *bool             `json:"split"`
}

// splitters reads the pre-tokenizer of a file, which may be null. Bytes says that tokens are made of the bytes of words, not of their letters.
func splitters(text json.RawMessage) (all []splitter, bytes bool, err error) {
	if absent(text) {
		return nil, false, nil
	}
	var s stage
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, false, err
	}
	switch s.Type {
	case "Sequence":
		for i, each := range s.Pretokenizers {
			some, ends, err := splitters(each)
			switch {
			case err != nil:
				return nil, false, err
			case ends && i < len(s.Pretokenizers)-1:
				return nil, false, unsupported("a part behind ByteLevel")
			}
			all, bytes = append(all, some...), ends
		}
		return all, bytes, nil
	case "ByteLevel":
		all, err := s.byteLevel()
		return all, true, err
	case "Split":
		p, err := s.Pattern.compile()
		if err != nil {
			return nil, false, fmt.Errorf("the pattern of Split: %w", err)
		}
		split, err := splitBy(p, s.Behavior, s.Invert)
		return []splitter{split}, false, err
	case "Digits":
		behavior := "Contiguous"
		if s.Individual {
			behavior = "Isolated"
		}
		split, err := splitBy(numbers{}, behavior, false)
		return []splitter{split}, false, err
	case "Metaspace":
		all, err := s.metaspace()
		return all, false, err
	}
	return nil, false, unsupported("the type %q", s.Type)
}

// byteLevel splits as GPT-2 does, unless something has before. That the bytes are written as letters is left out: the model is read without it.
func (s stage) byteLevel() ([]splitter, error) {
	var all []splitter
	if s.AddPrefixSpace == nil || *s.AddPrefixSpace {
		all = append(all, func(words []string, word string, _ bool) []string {
			if !strings.HasPrefix(word, " ") {
				word = " " + word
			}
			return append(words, word)
		})
	}
	if s.UseRegex != nil && !*s.UseRegex {
		return all, nil
	}
	p, err := compile(byteWords)
	if err != nil {
		return nil, err
	}
	split, err := splitBy(p, "Isolated", false)
	return append(all, split), err
}

// metaspace marks words by a letter that takes the place of the space before them.
func (s stage) metaspace() ([]splitter, error) {
	scheme := strings.ToLower(s.PrependScheme)
	if scheme == "" {
		scheme = "always"
		if s.AddPrefixSpace != nil && !*s.AddPrefixSpace {
			scheme = "never"
		}
	}
	if !slices.Contains([]string{"always", "first", "never"}, scheme) || s.Replacement == "" {
		return nil, unsupported("Metaspace with prepend_scheme %q and replacement %q", s.PrependScheme, s.Replacement)
	}
	all := []splitter{func(words []string, word string, first bool) []string {
		word = strings.ReplaceAll(word, " ", s.Replacement)
		if (scheme == "always" || scheme == "first" && first) && !strings.HasPrefix(word, s.Replacement) {
			word = s.Replacement + word
		}
		return append(words, word)
	}}
	if s.Split != nil && !*s.Split {
		return all, nil
	}
	split, err := splitBy(literal(s.Replacement), "MergedWithNext", false)
	return append(all, split), err
}

// numbers finds each digit and other sign for a number.
type numbers struct{}

func (numbers) spans(text string) []span {
	var all []span
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		begin, end := at, at+size
		at = end
		if last := len(all) - 1; !unicode.IsNumber(r) && last >= 0 && !all[last].match {
			all[last].end = end
			continue
		}
		all = append(all, span{begin, end, unicode.IsNumber(r)})
	}
	return all
}

// splitBy splits at what a pattern finds, or, inverted, at what it does not.
func splitBy(p pattern, behavior string, invert bool) (splitter, error) {
	var arrange func([]span) []span
	switch behavior {
	case "Isolated":
		arrange = func(all []span) []span { return all }
	case "Removed":
		arrange = func(all []span) []span { return slices.DeleteFunc(all, func(s span) bool { return s.match }) }
	case "Contiguous":
		arrange = joined(func(last, s span) bool { return last.match == s.match })
	case "MergedWithPrevious":
		arrange = joined(func(last, s span) bool { return !last.match && s.match })
	case "MergedWithNext":
		arrange = withNext
	default:
		return nil, unsupported("Split with the behavior %q", behavior)
	}
	return func(words []string, word string, _ bool) []string {
		all := p.spans(word)
		for i := range all {
			all[i].match = all[i].match != invert
		}
		for _, s := range arrange(all) {
			words = append(words, word[s.start:s.end])
		}
		return words
	}, nil
}

// joined joins a span to the one before it where with says so of the two.
func joined(with func(last, s span) bool) func([]span) []span {
	return func(all []span) []span {
		var out []span
		var last span
		for i, s := range all {
			if i > 0 && with(last, s) {
				out[len(out)-1].end = s.end
			} else {
				out = append(out, s)
			}
			last = s
		}
		return out
	}
}

// withNext joins each match to what follows it, unless that is a match too.
func withNext(all []span) []span {
	var out []span
	for i := 0; i < len(all); i++ {
		s := all[i]
		if s.match && i+1 < len(all) && !all[i+1].match {
			i++
			s.end = all[i].end
		}
		out = append(out, s)
	}
	return out
}
