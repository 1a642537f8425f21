package length

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// shape is a distribution in JSON: one attribute says which, the others belong to it.
type shape struct {
	Dataset   string    `json:"dataset,omitempty"` // digest and no path: the content counts
	Field     string    `json:"field,omitempty"`
	Lognormal []float64 `json:"lognormal,omitempty"`
	Max       int       `json:"max,omitempty"`
	Min       int       `json:"min,omitempty"`
	Normal    []float64 `json:"normal,omitempty"`
	Ordered   bool      `json:"ordered,omitempty"`
	Text      string    `json:"text,omitempty"` // digest, likewise
	Uniform   []int     `json:"uniform,omitempty"`
}

const digestPrefix = "sha256:"

// MarshalJSON is the form in which lengths enter a checkpoint key: a number, or an object with one attribute for the
// shape. Of a dataset, the content counts and not the path.
func (l Lengths) MarshalJSON() ([]byte, error) {
	switch l.Kind {
	case "":
		return []byte("null"), nil
	case Uniform:
		return json.Marshal(shape{Uniform: []int{l.Lo, l.Hi}})
	case Normal:
		return json.Marshal(shape{Normal: []float64{l.MeanOf, l.Spread}, Min: l.Min, Max: l.Max})
	case Lognormal:
		return json.Marshal(shape{Lognormal: []float64{l.MeanOf, l.Spread}, Min: l.Min, Max: l.Max})
	case Dataset:
		return json.Marshal(shape{Dataset: digestPrefix + l.Digest, Field: l.Field, Ordered: l.Ordered})
	case Text:
		return json.Marshal(shape{Text: digestPrefix + l.Digest, Field: l.Field})
	}
	return json.Marshal(l.Tokens)
}

// UnmarshalJSON reads what MarshalJSON writes. A dataset comes without its values: Columns.Resolve puts them back.
func (l *Lengths) UnmarshalJSON(text []byte) error {
	*l = Lengths{}
	text = bytes.TrimSpace(text)
	if string(text) == "null" {
		return nil
	}
	if !bytes.HasPrefix(text, []byte("{")) {
		l.Kind = Fixed
		return json.Unmarshal(text, &l.Tokens)
	}
	var s shape
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	digest, ofDataset := strings.CutPrefix(s.Dataset, digestPrefix)
	texts, ofTexts := strings.CutPrefix(s.Text, digestPrefix)
	switch {
	case len(s.Uniform) == 2:
		*l = Lengths{Kind: Uniform, Lo: s.Uniform[0], Hi: s.Uniform[1]}
	case len(s.Normal) == 2:
		*l = Lengths{Kind: Normal, MeanOf: s.Normal[0], Spread: s.Normal[1], Min: s.Min, Max: s.Max}
	case len(s.Lognormal) == 2:
		*l = Lengths{Kind: Lognormal, MeanOf: s.Lognormal[0], Spread: s.Lognormal[1], Min: s.Min, Max: s.Max}
	case ofDataset:
		*l = Lengths{Kind: Dataset, Digest: digest, Field: s.Field, Ordered: s.Ordered}
	case ofTexts:
		*l = Lengths{Kind: Text, Digest: texts, Field: s.Field}
	default:
		return fmt.Errorf("lengths %s: want a number or a distribution", text)
	}
	return nil
}

// Columns are the values of datasets, by content and field. A configuration names a dataset by its digest, so that many cells share
// one copy and none can come to read a file that has changed since the suite was.
type Columns map[string][]int32

func (l Lengths) column() string {
	if l.Ordered { // by time, which need not be the order of the file's lines
		return l.Digest + "/" + l.Field + "/ordered"
	}
	return l.Digest + "/" + l.Field
}

// Add keeps the values of lengths, if they are a dataset's.
func (c Columns) Add(l Lengths) {
	if l.Kind == Dataset {
		c[l.column()] = l.Values
	}
}

// Resolve returns lengths as they were before they went through JSON, but for the path: with the values of their dataset, if they are of one.
func (c Columns) Resolve(l Lengths) (Lengths, error) {
	if l.Kind != Dataset {
		return l, nil
	}
	values, ok := c[l.column()]
	if !ok {
		return l, fmt.Errorf("the lengths %q of the dataset with sha256 %s are not at hand", l.Field, l.Digest)
	}
	return l.with(values), nil
}

// with sets the values of a dataset, and what is known by them.
func (l Lengths) with(values []int32) Lengths {
	l.Values, l.Min, l.Max = values, 0, 0
	total := 0.0
	for _, v := range values {
		tokens := int(v)
		if l.Max = max(l.Max, tokens); l.Min == 0 || tokens < l.Min {
			l.Min = tokens
		}
		total += float64(tokens)
	}
	l.MeanOf = total / float64(max(1, len(values)))
	return l
}
