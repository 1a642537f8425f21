// Package result is the file report/results.json of a run: one object a cell, with every metric. Its invariant: what is missing is null in the
// file and absent in Go, never zero; keys stand in one order, labels first, then the metrics in the order of the file's own list.
package result

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Schema is the version of the file's form. It grows when a key changes its meaning or goes away.
const Schema = 1

// Results is the file.
type Results struct {
	Schema      int      `json:"schema"`
	Simulated   bool     `json:"simulated"` // an endpoint of the run is simulated, whether or not its cells were measured
	Suite       string   `json:"suite"`
	Description string   `json:"description"` // the suite's own words
	Seed        int64    `json:"seed"`
	Metrics     []Metric `json:"metrics"` // of every cell, in the order of the keys
	// PhaseMetrics are those of every phase of a cell; none where no load goes through phases.
	PhaseMetrics []Metric `json:"phase_metrics,omitempty"`
	Cells        []Cell   `json:"cells"` // in the order of the plan
}

// Metric describes one of the numbers of a cell.
type Metric struct {
	Name   string `json:"name"`
	Unit   string `json:"unit"`
	Better string `json:"better"` // "higher", "lower" or empty
	Doc    string `json:"doc"`
}

// What became of a cell.
const (
	StatusOK     = "ok"
	StatusFailed = "failed"
	// StatusMissing is that of a cell that nobody tried to measure: the run was interrupted before, or the cell was left out.
	StatusMissing = "missing"
)

// What the validity gate says of a cell. One without numbers is invalid.
const (
	Valid          = "valid"
	ValidWithNotes = "valid_with_notes"
	Invalid        = "invalid"
)

// Cell is one measured point, or the reason why it is none.
type Cell struct {
	Labels
	Status    string // StatusOK, StatusFailed or StatusMissing
	Failure   string // why there are no numbers; empty if there are
	Simulated bool
	Origin
	// Metrics are the numbers by name, in the units of Results.Metrics; a missing one is absent.
	Metrics map[string]float64

	PowerValid      bool
	PowerMethod     string   // counter, padded or trapezoid; empty where power is not valid
	PowerU95Percent *float64 // half-width of the 95 % interval of energy_j
	Validity        string   // Valid, ValidWithNotes or Invalid
	Reasons         []string // codes, the grave ones first
	Notes           []string // a sentence for each reason
	SLOMissed       []string // objectives of the suite that the cell misses
	SLONotes        []string // for each of these the value and the bound: "ttft_p99 7.2 ms > 5 ms"

	Phases []Phase // what the load went through, in order; none where it was one thing all along
}

// Origin says where and when a cell was measured, as its load met it. It is the zero value where nothing was measured.
type Origin struct {
	Run           string   // the run that measured it: another one than the results' own where it was used again
	MeasuredAt    string   // RFC 3339, UTC: when the load's clock began
	ServerEngine  string   // what the endpoint says it is
	EngineVersion string   // as the endpoint says
	GPUNames      []string // of its GPUs, distinct, as seen from inside; empty where nobody could look
	RTTSeconds    *float64 // median of a request to it that does no work
	Speed         *float64 // simulated seconds in one of the wall clock; nil where the endpoint is not simulated

	// ServerMetrics says whose names the metrics of the server's own account have: vllm, sglang or llamacpp; empty where it gave none.
	ServerMetrics        string
	ServerMetricsProblem string // why there is no account of the server's own, or only a part of one
}

// Value returns a metric, or false where it is missing.
func (c Cell) Value(metric string) (float64, bool) {
	v, ok := c.Metrics[metric]
	return v, ok
}

// Read reads a results file.
func Read(path string) (Results, error) {
	f, err := os.Open(path)
	if err != nil {
		return Results{}, fmt.Errorf("read results: %w", err)
	}
	defer f.Close()
	r, err := Decode(f)
	if err != nil {
		return Results{}, fmt.Errorf("read results %s: %w", path, err)
	}
	return r, nil
}

// Decode reads results as Encode writes them. It refuses a schema that this code does not know.
func Decode(in io.Reader) (Results, error) {
	var file struct {
		Results
		Cells []json.RawMessage `json:"cells"`
	}
	if err := json.NewDecoder(in).Decode(&file); err != nil {
		return Results{}, err
	}
	if file.Schema != Schema {
		return Results{}, fmt.Errorf("schema %d, this binary reads %d: use the inferencex that wrote it, or aggregate again", file.Schema, Schema)
	}
	r := file.Results
	for i, raw := range file.Cells {
		cell, err := decodeCell(raw, r)
		if err != nil {
			return Results{}, fmt.Errorf("cell %d: %w", i, err)
		}
		r.Cells = append(r.Cells, cell)
	}
	return r, nil
}
