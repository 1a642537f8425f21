package load

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/quantile"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
	"github.com/strangeloopio/inferencex/stages/prompt"
	"github.com/strangeloopio/inferencex/stages/traffic"
)

// facts is load.json: what other steps read of it, and what is for people alone. Times are nanoseconds on the load's
// clock, whose zero is epoch_unix_ns.
type facts struct {
	measured.Load
	Users        int            `json:"users"`              // of a closed loop
	RateRPS      float64        `json:"rate_rps,omitempty"` // of an open one
	Requests     int            `json:"requests"`           // rows
	Statuses     map[string]int `json:"statuses"`
	Protocols    map[string]int `json:"protocols"` // answers by the version of HTTP that they came by
	Connections  int            `json:"connections_dialled"`
	StaleRetries int64          `json:"stale_retries"`
	Prompts      prompt.Fit     `json:"prompts"`
	PromptNonce  string         `json:"prompt_nonce,omitempty"`
	SchedLag     lag            `json:"sched_lag_seconds"` // in server seconds, of all rows that were sent
}

// lag is how late requests went out.
type lag struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func (r *recorder) facts(endpoint stage.Endpoint, cfg stage.LoadConfig, session *traffic.Session, client measured.Client) facts {
	if endpoint.Headers != nil {
		headers := make(map[string]string, len(endpoint.Headers))
		for name := range endpoint.Headers {
			headers[name] = "(sensitive)"
		}
		endpoint.Headers = headers
	}
	return facts{
		Load: measured.Load{
			EpochUnixNS: r.place.EpochUnixNS, WindowStartNS: r.first, WindowEndNS: r.last,
			Simulated: endpoint.Simulated, Cold: cfg.Cold, SharedPrefix: cfg.Workload.SharedPrefix,
			Endpoint: &endpoint, Client: client,
		},
		Users: cfg.Users, RateRPS: cfg.RateRPS, Requests: len(r.lags) + r.statuses["dropped"],
		Statuses: r.statuses, Protocols: r.protocols, Connections: session.Client.Live().Connections,
		StaleRetries: r.stale, Prompts: session.Fit, PromptNonce: session.Nonce(), SchedLag: lagOf(r.lags),
	}
}

func lagOf(lags []int64) lag {
	sorted := slices.Sorted(slices.Values(lags))
	at := func(percent int) float64 { return float64(quantile.Lower(sorted, percent)) / 1e9 }
	return lag{P50: at(50), P99: at(99), Max: at(100)}
}

func (f facts) write(dir string) error {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", measured.LoadFile, err)
	}
	return os.WriteFile(filepath.Join(dir, measured.LoadFile), append(text, '\n'), 0o644)
}
