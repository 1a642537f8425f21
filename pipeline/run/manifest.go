package run

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// Manifest is run.json: what a run is and how it ended. It is written when the run begins and again when it ends; one that still says
// running belongs to a process that is at work, or to one that died and whose folder no run has used since.
type Manifest struct {
	Schema    int        `json:"schema"`
	ID        string     `json:"run_id"`
	Suite     string     `json:"suite"`
	Simulated bool       `json:"simulated,omitempty"` // a provider of it measures no hardware
	Sources   []string   `json:"sources"`             // files of the suite, as they were named; copies are in suite/
	Version   string     `json:"inferencex_version"`
	Go        string     `json:"go_version"`
	Platform  string     `json:"platform"`
	Host      string     `json:"host"`
	PID       int        `json:"pid"`
	Args      []string   `json:"args"` // without the values of variables
	Started   time.Time  `json:"started"`
	Ended     *time.Time `json:"ended"`
	Status    string     `json:"status"` // one of those below, interrupted or timed out
	ExitCode  *int       `json:"exit_code"`
	Cells     CellCount  `json:"cells"`
	Failures  []Failure  `json:"failures,omitempty"` // of cells, as results.json tells them
}

// Failure says why a cell has no result.
type Failure struct {
	Load addr.Step `json:"load"`
	Why  string    `json:"why"`
}

// ReadManifest reads the manifest of the run in dir.
func ReadManifest(dir string) (Manifest, error) {
	var m Manifest
	text, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("read the run's manifest: %w", err)
	}
	return m, nil
}

// CellCount says what became of a run's cells.
type CellCount struct {
	Total    int `json:"total"`
	Measured int `json:"measured"`
	Reused   int `json:"reused"`
}

// The states of a manifest that are not the End of a run.
const (
	StatusRunning = "running"
	StatusDone    = "done"
	StatusFailed  = "failed" // some cells, or the report
	StatusDied    = "died"   // its process ended without a word
)

// Write puts the manifest into the run's folder.
func (m Manifest) Write(dir string) error { return m.WriteAt(dir, nil, "", "") }

// WriteAt is Write, passing staged when the manifest is on disk and not yet under its name, and named when its name is.
func (m Manifest) WriteAt(dir string, crash durable.Crash, staged, named string) error {
	m.Schema = 1
	return crash.WriteJSON(staged, named, filepath.Join(dir, "run.json"), m)
}
