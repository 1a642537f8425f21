package tokenizer

import (
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// normalizer is one step of what is made of a text before it is split.
type normalizer func(string) string

// normalizers reads the normalizer of a file, which may be null.
func normalizers(text json.RawMessage) ([]normalizer, error) {
	if absent(text) {
		return nil, nil
	}
	var part struct {
		Type        string            `json:"type"`
		Normalizers []json.RawMessage `json:"normalizers"` // of a Sequence
		Pattern     literalOrRegex    `json:"pattern"`     // of Replace
		Content     string            `json:"content"`     // likewise
		Prepend     string            `json:"prepend"`
		Left        bool              `json:"strip_left"`
		Right       bool              `json:"strip_right"`
	}
	if err := json.Unmarshal(text, &part); err != nil {
		return nil, err
	}
	switch part.Type {
	case "Sequence":
		var all []normalizer
		for _, each := range part.Normalizers {
			some, err := normalizers(each)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		return all, nil
	case "NFC":
		return []normalizer{norm.NFC.String}, nil
	case "NFD":
		return []normalizer{norm.NFD.String}, nil
	case "NFKC":
		return []normalizer{norm.NFKC.String}, nil
	case "NFKD":
		return []normalizer{norm.NFKD.String}, nil
	case "Prepend":
		return []normalizer{func(s string) string {
			if s == "" {
				return ""
			}
			return part.Prepend + s
		}}, nil
	case "Strip":
		return []normalizer{func(s string) string {
			if part.Left {
				s = strings.TrimLeftFunc(s, isSpace)
			}
			if part.Right {
				s = strings.TrimRightFunc(s, isSpace)
			}
			return s
		}}, nil
	case "Replace":
		p, err := part.Pattern.compile()
		if err != nil {
			return nil, fmt.Errorf("the pattern of Replace: %w", err)
		}
		return []normalizer{func(s string) string { return replaceAll(s, p, part.Content) }}, nil
	}
	return nil, unsupported("the type %q", part.Type)
}

func replaceAll(s string, p pattern, with string) string {
	var b strings.Builder
	for _, m := range p.spans(s) {
		if m.match {
			b.WriteString(with)
		} else {
			b.WriteString(s[m.start:m.end])
		}
	}
	return b.String()
}

// absent says whether a part of a file is left out.
func absent(text json.RawMessage) bool { return len(text) == 0 || string(text) == "null" }
