package load_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/load"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
	"github.com/strangeloopio/inferencex/stages/simulator"
)

// A load says what it took of its machine, and how far what came had waited for it.
func TestTheClientsSide(t *testing.T) {
	_, endpoint := simulate(t, simulator.Config{Model: "Qwen3-8B-FP8", Profile: "graphs"})
	cfg := cell(16)
	cfg.Workload.Requests, cfg.Workload.Duration, cfg.Workload.Grace = 0, stage.Duration(2500*time.Millisecond), stage.Duration(time.Minute)
	step := task(t, endpoint, cfg)
	if err := load.New().Run(t.Context(), environment(), step); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(step.Dir, "load.json"))
	if err != nil {
		t.Fatal(err)
	}
	var facts struct {
		Client    measured.Client `json:"client"`
		Protocols map[string]int  `json:"protocols"`
		Statuses  map[string]int  `json:"statuses"`
	}
	if err := json.Unmarshal(text, &facts); err != nil {
		t.Fatal(err)
	}
	c := facts.Client
	if c.WallSeconds < 2.5 || c.CPUSeconds <= 0 || c.CPUPeakProcs <= 0 || c.MaxProcs != runtime.GOMAXPROCS(0) {
		t.Errorf("processors: %+v", c)
	}
	if c.TickLag.Samples < 1 || c.TickLag.P50 > c.TickLag.P99 || c.TickLag.P99 > c.TickLag.Max {
		t.Errorf("ticks: %+v", c.TickLag)
	}
	if c.GCPauseMaxSeconds < 0 || (c.GCCycles > 0) != (c.GCPauseSeconds > 0) {
		t.Errorf("collector: %+v", c)
	}
	if c.GapsUnder1ms < 0 || c.GapsUnder1ms > 1 {
		t.Errorf("gaps under 1 ms: %v", c.GapsUnder1ms)
	}
	if runtime.GOOS == "linux" && (c.Reads < 1000 || c.ReadLag.Samples < 10 || c.ReadLag.Max <= 0) {
		t.Errorf("reads: %d, %+v", c.Reads, c.ReadLag)
	}
	if facts.Protocols["HTTP/1.1"] != facts.Statuses["ok"] {
		t.Errorf("protocols %v of %v", facts.Protocols, facts.Statuses)
	}
}
