package result

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// state and verdict are what a cell's object holds besides labels and metrics; Columns has the same keys.
type state struct {
	Status        string   `json:"status"`
	Failure       *string  `json:"failure"`
	Simulated     bool     `json:"simulated"`
	Run           *string  `json:"run"`
	MeasuredAt    *string  `json:"measured_at"`
	ServerEngine  *string  `json:"server_engine"`
	EngineVersion *string  `json:"engine_version"`
	GPUNames      []string `json:"gpu_names"`
	RTTSeconds    *float64 `json:"server_rtt_s"`
	Speed         *float64 `json:"speed"`

	ServerMetrics        *string `json:"server_metrics"`
	ServerMetricsProblem *string `json:"server_metrics_problem"`
}

type verdict struct {
	PowerValid      bool     `json:"power_valid"`
	PowerMethod     *string  `json:"power_method"`
	PowerU95Percent *float64 `json:"power_u95_percent"`
	Validity        string   `json:"validity"`
	Reasons         []string `json:"reasons"`
	Notes           []string `json:"notes"`
	SLOMissed       []string `json:"slo_missed"`
	SLONotes        []string `json:"slo_notes"`
}

// Encode writes the file, indented, the same bytes for the same results.
func (r Results) Encode(out io.Writer) error {
	file := struct {
		Schema      int               `json:"schema"`
		Simulated   bool              `json:"simulated"`
		Suite       string            `json:"suite"`
		Description string            `json:"description"`
		Seed        int64             `json:"seed"`
		Metrics     []Metric          `json:"metrics"`
		Phased      []Metric          `json:"phase_metrics,omitempty"`
		Cells       []json.RawMessage `json:"cells"`
	}{Schema, r.Simulated, r.Suite, r.Description, r.Seed, some(r.Metrics), r.PhaseMetrics, []json.RawMessage{}}
	for _, c := range r.Cells {
		raw, err := encodeCell(c, r)
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

// encodeCell writes a cell's object, with its phases where it has any.
func encodeCell(c Cell, r Results) (json.RawMessage, error) {
	object, err := encodeObject(Columns(r.Metrics), c)
	if err != nil || len(c.Phases) == 0 {
		return object, err
	}
	phases := []json.RawMessage{}
	for _, p := range c.Phases {
		raw, err := encodeObject(PhaseColumns(r.PhaseMetrics), p)
		if err != nil {
			return nil, err
		}
		phases = append(phases, raw)
	}
	list, err := encode(phases)
	if err != nil {
		return nil, err
	}
	return append(append(append(object[:len(object)-1], `,"phases":`...), list...), '}'), nil
}

// encodeObject writes an object by hand: encoding/json would sort the metrics by name.
func encodeObject[Row any](columns []Column[Row], row Row) (json.RawMessage, error) {
	object := []byte{'{'}
	for _, column := range columns {
		name, err := encode(column.Name)
		if err != nil {
			return nil, err
		}
		value, err := encode(column.Value(row))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", column.Name, err)
		}
		if len(object) > 1 {
			object = append(object, ',')
		}
		object = append(append(append(object, name...), ':'), value...)
	}
	return append(object, '}'), nil
}

// encode is json.Marshal without the escapes that HTML needs.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), err
}

func decodeCell(raw json.RawMessage, r Results) (Cell, error) {
	var s state
	var v verdict
	var phased struct {
		Phases []json.RawMessage `json:"phases"`
	}
	var c Cell
	for _, into := range []any{&c.Labels, &s, &v, &phased} {
		if err := json.Unmarshal(raw, into); err != nil {
			return Cell{}, err
		}
	}
	var err error
	if c.Metrics, err = decodeMetrics(raw, r.Metrics); err != nil {
		return Cell{}, err
	}
	for i, raw := range phased.Phases {
		var p Phase
		err := json.Unmarshal(raw, &p)
		if err == nil {
			p.Metrics, err = decodeMetrics(raw, r.PhaseMetrics)
		}
		if err != nil {
			return Cell{}, fmt.Errorf("phase %d: %w", i, err)
		}
		c.Phases = append(c.Phases, p)
	}
	c.Status, c.Failure, c.Simulated = s.Status, orEmpty(s.Failure), s.Simulated
	c.Origin = Origin{
		Run: orEmpty(s.Run), MeasuredAt: orEmpty(s.MeasuredAt), ServerEngine: orEmpty(s.ServerEngine),
		EngineVersion: orEmpty(s.EngineVersion), GPUNames: s.GPUNames, RTTSeconds: s.RTTSeconds, Speed: s.Speed,
		ServerMetrics: orEmpty(s.ServerMetrics), ServerMetricsProblem: orEmpty(s.ServerMetricsProblem),
	}
	c.PowerValid, c.PowerMethod, c.PowerU95Percent = v.PowerValid, orEmpty(v.PowerMethod), v.PowerU95Percent
	c.Validity, c.Reasons, c.Notes, c.SLOMissed = v.Validity, v.Reasons, v.Notes, v.SLOMissed
	c.SLONotes = v.SLONotes
	return c, nil
}

// decodeMetrics reads the metrics among an object's keys. One that is null is absent.
func decodeMetrics(raw json.RawMessage, metrics []Metric) (map[string]float64, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for _, m := range metrics {
		var value *float64
		if field, there := fields[m.Name]; there {
			if err := json.Unmarshal(field, &value); err != nil {
				return nil, err
			}
		}
		if value != nil {
			values[m.Name] = *value
		}
	}
	return values, nil
}

// some makes an empty list of none, so that the file has [] and not null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
