// Package measured reads what the measuring steps leave in their folders beside the tables: load.json of a load and power.json of a
// fetch-power. Its invariant: a field that is absent there is the zero value here and switches off what needs it, and times are unix
// nanoseconds of the clock that the tables use.
package measured

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
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

// Load is what the other steps need to know of a load.
type Load struct {
	EpochUnixNS   int64           `json:"epoch_unix_ns"`   // unix time of zero on the load's clock
	StartNS       int64           `json:"start_ns"`        // when the load began to send, on the load's clock; 0 in older results
	WindowStartNS int64           `json:"window_start_ns"` // first send, on the load's clock
	WindowEndNS   int64           `json:"window_end_ns"`   // last byte, on the load's clock
	Simulated     bool            `json:"simulated"`
	Cold          bool            `json:"cold"`          // nothing was to warm the server up before its first load
	SharedPrefix  int             `json:"shared_prefix"` // tokens that all prompts begin with by intent
	Endpoint      *stage.Endpoint `json:"endpoint"`      // as the load met it
	Client        Client          `json:"client"`
	ServerLag     ServerLag       `json:"server_lag"`
	Server        Server          `json:"server"`
}

// Server is what is known of a server's own account beside its readings.
type Server struct {
	Problem string `json:"problem"` // why there is none, or only a part of one; empty where it is whole
}

// ServerLag is how far off its schedule, early or late, a simulated server wrote a load's chunks, in its own seconds.
type ServerLag struct {
	Chunks      int64   `json:"chunks"` // 0: the server does not say
	MeanSeconds float64 `json:"mean_s"`
	P50Seconds  float64 `json:"p50_s"`
	P99Seconds  float64 `json:"p99_s"`
}

// Client is what a load took of the machine that it ran on, in that machine's seconds.
type Client struct {
	MaxProcs          int     `json:"gomaxprocs"`       // processors it may use at once
	WallSeconds       float64 `json:"wall_seconds"`     // from the first send to the last end, or a little longer
	CPUSeconds        float64 `json:"cpu_seconds"`      // of its process; 0 where the system does not say
	CPUPeakProcs      float64 `json:"cpu_peak_procs"`   // processors used in the busiest second; 0: the load was shorter, or unknown
	GCCycles          uint32  `json:"gc_cycles"`        // collections of garbage
	GCPauseSeconds    float64 `json:"gc_pause_seconds"` // for which they stopped it, in all
	GCPauseMaxSeconds float64 `json:"gc_pause_max_seconds"`
	TickLag           Lag     `json:"tick_lag_seconds"` // by which a timer of its own fired late
	Reads             int64   `json:"reads"`            // from the connections of requests; 0 where they are not counted
	ReadLag           Lag     `json:"read_lag_seconds"` // for which bytes had waited in the kernel; no samples where it does not say
	GapsUnder1ms      float64 `json:"gaps_under_1ms"`   // share of the gaps between the chunks of an answer
	// Ceiling is what the machine can take; nil: nobody knows.
	Ceiling *Ceiling `json:"ceiling,omitempty"`
}

// Lag is how late things were that were sampled, in seconds.
type Lag struct {
	Samples int64   `json:"samples"`
	P50     float64 `json:"p50"`
	P99     float64 `json:"p99"`
	Max     float64 `json:"max"`
}

// FromUnixNS is the unix time of the first send.
func (l Load) FromUnixNS() int64 { return l.EpochUnixNS + l.WindowStartNS }

// ToUnixNS is the unix time of the last byte.
func (l Load) ToUnixNS() int64 { return l.EpochUnixNS + l.WindowEndNS }

// ReadLoad reads the load.json of a load's folder. Where it has no window, the window comes from the requests table.
func ReadLoad(dir string) (Load, error) {
	var load Load
	err := readJSON(filepath.Join(dir, LoadFile), &load)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Load{}, err
	}
	if load.WindowEndNS > load.WindowStartNS {
		return load, nil
	}
	first := true
	err = table.Scan(filepath.Join(dir, RequestsFile), func(rows []table.Request) error {
		for _, r := range rows {
			if r.Status == "dropped" {
				continue
			}
			if first {
				load.EpochUnixNS, load.WindowStartNS, load.WindowEndNS, first = r.EpochUnixNS, r.TSend, r.TDone, false
			}
			load.WindowStartNS = min(load.WindowStartNS, r.TSend)
			load.WindowEndNS = max(load.WindowEndNS, r.TDone)
		}
		return nil
	})
	if err != nil {
		return Load{}, fmt.Errorf("find the window of the load: %w", err)
	}
	return load, nil
}

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
