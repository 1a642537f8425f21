package measured

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric/account"
)

// Load is what other steps read of load.json. The stage that writes the file embeds it, so that writer and
// readers have one set of names. A zero field is one that the file does not have: it switches off what needs
// it.
type Load struct {
	EpochUnixNS   int64           `json:"epoch_unix_ns"`   // unix time of zero on the load's clock
	StartNS       int64           `json:"start_ns"`        // when it began to send, on its clock; 0 in older results
	WindowStartNS int64           `json:"window_start_ns"` // first send, on the load's clock
	WindowEndNS   int64           `json:"window_end_ns"`   // last end of a request, on the load's clock
	Simulated     bool            `json:"simulated"`
	Cold          bool            `json:"cold,omitempty"`      // nothing was to warm the server up before
	SharedPrefix  int             `json:"shared_prefix"`       // tokens that all prompts begin with by intent
	Endpoint      *stage.Endpoint `json:"endpoint"`            // as the load met it, without values of headers
	Client        Client          `json:"client"`              // the machine that the load ran on
	ServerLag     ServerLag       `json:"server_lag,omitzero"` // of a simulated server that tells
	Server        Server          `json:"server"`              // what a server said of itself
}

// Server is what a server said of a load, beside its readings, which are a table.
type Server struct {
	Problem string           `json:"problem,omitempty"` // why there is no account, or only a part of one
	Failed  int              `json:"failed_readings,omitempty"`
	Account *account.Account `json:"account,omitempty"` // of the whole load
}

// ServerLag is how far off its schedule, early or late, a simulated server wrote a load's chunks, in its own
// seconds: the error of its timestamps.
type ServerLag struct {
	Chunks      int64   `json:"chunks"` // 0: the server does not say
	MeanSeconds float64 `json:"mean_s"`
	P50Seconds  float64 `json:"p50_s"`
	P99Seconds  float64 `json:"p99_s"`
}

// Client is the machine that a load ran on, and what the load took of it, in that machine's seconds. With a
// simulated server in the same process, what was used is of both.
type Client struct {
	OS                string  `json:"os"`
	Arch              string  `json:"arch"`
	Go                string  `json:"go"` // version
	CPUs              int     `json:"cpus"`
	MaxProcs          int     `json:"gomaxprocs"`       // processors it may use at once
	WallSeconds       float64 `json:"wall_seconds"`     // from the first send to the last end, or a bit more
	CPUSeconds        float64 `json:"cpu_seconds"`      // of its process; 0 where the system does not say
	CPUPeakProcs      float64 `json:"cpu_peak_procs"`   // processors used in the busiest second; 0: unknown
	GCCycles          uint32  `json:"gc_cycles"`        // collections of garbage
	GCPauseSeconds    float64 `json:"gc_pause_seconds"` // for which they stopped it, in all
	GCPauseMaxSeconds float64 `json:"gc_pause_max_seconds"`
	TickLag           Lag     `json:"tick_lag_seconds"`  // by which a timer of its own fired late
	Reads             int64   `json:"reads"`             // from the connections of requests; 0: not counted
	ReadLag           Lag     `json:"read_lag_seconds"`  // for which bytes had waited in the kernel, if it says
	Unsolicited       int64   `json:"unsolicited"`       // connections closed for bytes that no request had asked for
	MisplacedAnswers  int64   `json:"misplaced_answers"` // requests that got an answer which is not theirs
	GapsUnder1ms      float64 `json:"gaps_under_1ms"`    // share of the gaps between the chunks of an answer
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

// ReadLoad reads the load.json of a load's folder. Where it has no window, the window comes from the requests
// table.
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
