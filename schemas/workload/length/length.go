// Package length is how long the prompts and the answers of a workload are: a number of tokens, or a distribution.
//
// Its invariant: equal lengths have equal JSON, whatever they were written as, and a dataset is known by its content; and what a request draws
// follows from the seed, the trial and its index alone.
package length

import (
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
)

// Kind is the shape of a distribution.
type Kind string

const (
	// Fixed lengths are all the same.
	Fixed Kind = "fixed"
	// Uniform lengths lie between two bounds, each as likely as the others.
	Uniform Kind = "uniform"
	// Normal lengths have a mean and a standard deviation.
	Normal Kind = "normal"
	// Lognormal lengths have a mean and a standard deviation, both of the lengths and not of their logarithms.
	Lognormal Kind = "lognormal"
	// Dataset lengths are drawn from the lines of a file.
	Dataset Kind = "dataset"
	// Text lengths are those of the texts of a file, which are sent as they are: nothing is drawn.
	Text Kind = "text"
)

// Lengths is a number of tokens, or a distribution of such numbers. The zero value is none at all.
type Lengths struct {
	Kind     Kind
	Tokens   int     // of Fixed
	Lo, Hi   int     // of Uniform, both possible
	MeanOf   float64 // of Normal and Lognormal, before Min and Max are applied; of the lines of a Dataset; of a Text where it was counted
	Spread   float64 // the standard deviation of Normal and Lognormal, in tokens
	Min, Max int     // the bounds of Normal and Lognormal, both possible; 0: none. The least and the most of a Dataset.
	Path     string  // of a Dataset or a Text, from the suite's folder
	Field    string  // of the lines of a Dataset; of a Text, what of its entries: see OfTexts
	Digest   string  // sha256 of the file's content, in hexadecimal
	Ordered  bool    // the lines of a Dataset are drawn in their order, the first for request 0
	Values   []int32 // of the lines of a Dataset, in their order. JSON leaves them out: see Columns.
}

// MaxTokens is the longest length that the tables hold.
const MaxTokens = math.MaxInt32

// Of is a fixed length in tokens.
func Of(tokens int) Lengths { return Lengths{Kind: Fixed, Tokens: tokens} }

// InOrder are the lengths of a file of requests that are repeated in their order: values are those of a field.
func InOrder(path, field, digest string, values []int32) Lengths {
	return Lengths{Kind: Dataset, Path: path, Field: field, Digest: digest, Ordered: true}.with(values)
}

// The two sides of an entry of texts.
const (
	promptField = "prompt"
	answerField = "answer"
)

// OfTexts are the lengths of the texts of a file: of its prompts and of the answers that it has to them. What they are in tokens depends on who counts.
func OfTexts(path, digest string) (prompts, answers Lengths) {
	l := Lengths{Kind: Text, Path: path, Digest: digest}
	prompts, answers = l, l
	prompts.Field, answers.Field = promptField, answerField
	return prompts, answers
}

// IsZero says whether no length is given.
func (l Lengths) IsZero() bool { return l.Kind == "" }

// Mean is the expected length in whole tokens, at least 1; 0 where no length is given, or that of texts which nobody has counted.
func (l Lengths) Mean() int {
	var mean float64
	switch l.Kind {
	case Fixed:
		return l.Tokens
	case Uniform:
		mean = (float64(l.Lo) + float64(l.Hi)) / 2
	case Normal, Lognormal, Dataset, Text:
		mean = l.MeanOf
	}
	if mean == 0 {
		return 0
	}
	return max(1, int(math.Round(mean)))
}

// Least is the shortest length that is possible.
func (l Lengths) Least() int {
	switch l.Kind {
	case Fixed:
		return l.Tokens
	case Uniform:
		return l.Lo
	}
	return max(1, l.Min)
}

// Most is the longest length that is possible, 0 where there is no bound.
func (l Lengths) Most() int {
	switch l.Kind {
	case Fixed:
		return l.Tokens
	case Uniform:
		return l.Hi
	}
	return l.Max
}

// Describe says in words what String abbreviates: "1024", "uniform(800, 1024)", "normal(1024, 200) from 64 to 2048", "lognormal(900, 300)",
// "dataset(chat.jsonl, isl)", "trace(chat.jsonl, input_length)".
func (l Lengths) Describe() string {
	switch l.Kind {
	case Uniform:
		return fmt.Sprintf("uniform(%d, %d)", l.Lo, l.Hi)
	case Normal, Lognormal:
		text := fmt.Sprintf("%s(%s, %s)", l.Kind, number(l.MeanOf), number(l.Spread))
		if l.Min > 0 {
			text += fmt.Sprintf(" from %d", l.Min)
		}
		if l.Max > 0 {
			text += fmt.Sprintf(" to %d", l.Max)
		}
		return text
	case Dataset:
		if l.Ordered {
			return fmt.Sprintf("trace(%s, %s)", l.Path, l.Field)
		}
		return fmt.Sprintf("dataset(%s, %s)", l.Path, l.Field)
	case Text:
		return fmt.Sprintf("dataset(%s, %s)", l.Path, l.Field)
	}
	return strconv.Itoa(l.Tokens)
}

// String is how lengths stand in addresses: "1024", "u800-1024", "n1024-200", "n1024-200~64-2048", "ln900-300",
// "d-chat-isl-1a2b3c" for the field isl of chat.jsonl, "d-chat-prompt-1a2b3c" for its prompts as they are, "answer" for its answers.
func (l Lengths) String() string {
	switch l.Kind {
	case Uniform:
		return fmt.Sprintf("u%d-%d", l.Lo, l.Hi)
	case Normal:
		return "n" + number(l.MeanOf) + "-" + number(l.Spread) + l.bounds()
	case Lognormal:
		return "ln" + number(l.MeanOf) + "-" + number(l.Spread) + l.bounds()
	case Text:
		if l.Field == answerField { // the prompts beside it name the file
			return l.Field
		}
		fallthrough
	case Dataset:
		stem, _, _ := strings.Cut(filepath.Base(l.Path), ".")
		return "d-" + slug(stem) + "-" + slug(l.Field) + "-" + l.Digest[:6]
	}
	return strconv.Itoa(l.Tokens)
}

func (l Lengths) bounds() string {
	if l.Min == 0 && l.Max == 0 {
		return ""
	}
	bound := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	return "~" + bound(l.Min) + "-" + bound(l.Max)
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// slug keeps what an address can hold.
func slug(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, s)
}
