package result

import (
	"bytes"
	"encoding/json"
	"io"
)

// state is what a cell's object holds besides labels and metrics.
type state struct {
	Status    string  `json:"status"`
	Failure   *string `json:"failure"`
	Simulated bool    `json:"simulated"`
}

type verdict struct {
	PowerValid      bool     `json:"power_valid"`
	PowerMethod     *string  `json:"power_method"`
	PowerU95Percent *float64 `json:"power_u95_percent"`
	Validity        string   `json:"validity"`
	Reasons         []string `json:"reasons"`
	Notes           []string `json:"notes"`
	SLOMissed       []string `json:"slo_missed"`
}

// Encode writes the file, indented, the same bytes for the same results.
func (r Results) Encode(out io.Writer) error {
	file := struct {
		Schema    int               `json:"schema"`
		Simulated bool              `json:"simulated"`
		Suite     string            `json:"suite"`
		Metrics   []Metric          `json:"metrics"`
		Cells     []json.RawMessage `json:"cells"`
	}{Schema, r.Simulated, r.Suite, some(r.Metrics), []json.RawMessage{}}
	for _, c := range r.Cells {
		raw, err := encodeCell(c, r.Metrics)
		if err != nil {
			return err
		}
		file.Cells = append(file.Cells, raw)
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(file)
}

// encodeCell joins the object's parts by hand: encoding/json would sort the metrics by name.
func encodeCell(c Cell, metrics []Metric) (json.RawMessage, error) {
	var b bytes.Buffer
	for _, part := range []any{c.Labels, state{c.Status, orNull(c.Failure), c.Simulated}} {
		if err := appendFields(&b, part); err != nil {
			return nil, err
		}
	}
	for _, m := range metrics {
		var value *float64
		if v, ok := c.Value(m.Name); ok {
			value = &v
		}
		if err := appendFields(&b, map[string]*float64{m.Name: value}); err != nil {
			return nil, err
		}
	}
	v := verdict{c.PowerValid, orNull(c.PowerMethod), c.PowerU95Percent, c.Validity, some(c.Reasons), some(c.Notes), some(c.SLOMissed)}
	if err := appendFields(&b, v); err != nil {
		return nil, err
	}
	return append(b.Bytes(), '}'), nil
}

// appendFields adds the fields of an object to one that is still open.
func appendFields(b *bytes.Buffer, object any) error {
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(object); err != nil {
		return err
	}
	if b.Len() == 0 {
		b.WriteByte('{')
	} else {
		b.WriteByte(',')
	}
	b.Write(raw.Bytes()[len("{") : raw.Len()-len("}\n")])
	return nil
}

func decodeCell(raw json.RawMessage, metrics []Metric) (Cell, error) {
	var fields map[string]json.RawMessage
	var s state
	var v verdict
	c := Cell{Metrics: map[string]float64{}}
	for _, into := range []any{&c.Labels, &s, &v, &fields} {
		if err := json.Unmarshal(raw, into); err != nil {
			return Cell{}, err
		}
	}
	for _, m := range metrics {
		var value *float64
		if field, there := fields[m.Name]; there {
			if err := json.Unmarshal(field, &value); err != nil {
				return Cell{}, err
			}
		}
		if value != nil {
			c.Metrics[m.Name] = *value
		}
	}
	c.Status, c.Failure, c.Simulated = s.Status, orEmpty(s.Failure), s.Simulated
	c.PowerValid, c.PowerMethod, c.PowerU95Percent = v.PowerValid, orEmpty(v.PowerMethod), v.PowerU95Percent
	c.Validity, c.Reasons, c.Notes, c.SLOMissed = v.Validity, v.Reasons, v.Notes, v.SLOMissed
	return c, nil
}

// some makes an empty list of none, so that the file has [] and not null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
