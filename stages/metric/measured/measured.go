// Package measured reads what the measuring steps leave in their folders beside the tables: load.json of a load and power.json of a
// fetch-power. Its invariant: a field that is absent there is the zero value here and switches off what needs it, and times are unix
// nanoseconds of the clock that the tables use.
package measured

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/strangeloopio/inferencex/stages/metric/energy"
)

// The names of the files.
const (
	RequestsFile = "requests.parquet"
	ChunksFile   = "chunks.parquet"
	LoadFile     = "load.json"
	ServerFile   = "server.parquet" // absent where the server gave no account of its own
	PowerTable   = "power.parquet"
	PowerFile    = "power.json"
)

// Power says what was read of a cell's power, how, and what it came to.
type Power struct {
	Source   string        `json:"source"`            // simulator, nvidia-smi, csv or none
	Problem  string        `json:"problem,omitempty"` // why the source gave nothing, or less than it should
	Required bool          `json:"required"`
	Readings int           `json:"readings"` // rows of the power table
	Query    energy.Query  `json:"query"`
	Result   energy.Result `json:"result"` // of the query over the power table
}

// ReadPower reads the power.json of a fetch-power's folder.
func ReadPower(dir string) (Power, error) {
	var power Power
	err := readJSON(filepath.Join(dir, PowerFile), &power)
	return power, err
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
