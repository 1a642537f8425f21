package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/view"
	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	facts "github.com/strangeloopio/inferencex/stages/metric/measured"
)

// ceilingFile is where calibrate keeps what it found, below the folder of caches.
const ceilingFile = "inferencex/ceiling.json"

// ceiling returns what this machine's client keeps up with: what calibrate found, on this machine and with as many processors, or what can be
// taken for granted.
func (a *App) ceiling() facts.Ceiling {
	var found facts.Ceiling
	text, err := os.ReadFile(filepath.Join(a.CacheDir, ceilingFile))
	if a.CacheDir == "" || err != nil || json.Unmarshal(text, &found) != nil || found.Machine != thisMachine() || found.Streams < 1 {
		return facts.DefaultCeiling()
	}
	return found
}

// keepCeiling keeps what was found for plan and run, and returns where.
func (a *App) keepCeiling(found facts.Ceiling) (string, error) {
	if a.CacheDir == "" {
		return "", errors.New("keep the ceiling: this user has no folder for caches; set XDG_CACHE_HOME or HOME")
	}
	path := filepath.Join(a.CacheDir, ceilingFile)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("keep the ceiling: %w", err)
	}
	return path, durable.WriteJSON(path, found)
}

// beyondCeiling warns of cells that have more users than this machine's client keeps up with.
func (a *App) beyondCeiling(p *plan.Plan) []string {
	ceiling := a.ceiling()
	cells, most := 0, 0
	for _, step := range p.Steps {
		var cfg stage.LoadConfig
		if step.Address.Kind != plan.Load || step.Action != plan.Run || json.Unmarshal(step.Config, &cfg) != nil || cfg.Users <= ceiling.Streams {
			continue
		}
		cells++
		most = max(most, cfg.Users)
	}
	if cells == 0 {
		return nil
	}
	known := "is only known to keep up with %s; inferencex calibrate finds out"
	switch date := ceiling.MeasuredAt.Format("2006-01-02"); {
	case ceiling.AtLeast:
		known = "was found to keep up with %s (inferencex calibrate, " + date + "), perhaps with more: give it a longer -budget"
	case ceiling.Measured():
		known = "was found to keep up with %s (inferencex calibrate, " + date + ")"
	}
	return []string{fmt.Sprintf("%s with up to %s: this machine's client "+known+". Beyond that, it may be the client that is measured",
		view.Count(cells, "cell"), view.Count(most, "user"), view.Count(ceiling.Streams, "stream"))}
}

// thisMachine is what a ceiling is about.
func thisMachine() facts.Machine {
	host, _ := os.Hostname()
	return facts.Machine{Host: host, CPU: cpuModel(), MaxProcs: runtime.GOMAXPROCS(0)}
}

// cpuModel returns the processor's name, or its architecture where the system does not say.
func cpuModel() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
