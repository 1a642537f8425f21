package run

import (
	"path/filepath"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// Manifest is run.json: what a run is and how it ended. It is written when the run begins and again when it ends; one that still says
// running belongs to a process that is at work or died.
type Manifest struct {
	Schema   int        `json:"schema"`
	ID       string     `json:"run_id"`
	Suite    string     `json:"suite"`
	Sources  []string   `json:"sources"` // files of the suite, as they were named; copies are in suite/
	Version  string     `json:"inferencex_version"`
	Go       string     `json:"go_version"`
	Platform string     `json:"platform"`
	Host     string     `json:"host"`
	PID      int        `json:"pid"`
	Args     []string   `json:"args"` // without the values of variables
	Started  time.Time  `json:"started"`
	Ended    *time.Time `json:"ended"`
	Status   string     `json:"status"` // running, done, failed or interrupted
	ExitCode *int       `json:"exit_code"`
	Cells    CellCount  `json:"cells"`
}

// CellCount says what became of a run's cells.
type CellCount struct {
	Total    int `json:"total"`
	Measured int `json:"measured"`
	Reused   int `json:"reused"`
}

// Write puts the manifest into the run's folder.
func (m Manifest) Write(dir string) error {
	m.Schema = 1
	return durable.WriteJSON(filepath.Join(dir, "run.json"), m)
}
