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

	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/schemas/workload/dataset"
	"github.com/strangeloopio/inferencex/schemas/workload/length"
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

// beyondCeiling warns of cells that want more of this machine's client than it keeps up with: more users, or more tokens a second.
func (a *App) beyondCeiling(p *plan.Plan) []string {
	ceiling := a.ceiling()
	var crowded, busy, mostUsers int
	var mostTokens float64
	for _, step := range p.Steps {
		var cfg stage.LoadConfig
		if step.Address.Kind != plan.Load || step.Action != plan.Run || json.Unmarshal(step.Config, &cfg) != nil {
			continue
		}
		tokens := tokensPerSecond(p, cfg)
		if cfg.Users > ceiling.Streams {
			crowded++
		}
		if tokens > ceiling.ChunksPerSecond {
			busy++
		}
		mostUsers, mostTokens = max(mostUsers, cfg.Users), max(mostTokens, tokens)
	}
	var warnings []string
	warn := func(cells int, want, limit string) {
		if cells > 0 {
			warnings = append(warnings, fmt.Sprintf("%s with up to %s: this machine's client "+knownOf(ceiling)+". Beyond that, it may be the client that is measured",
				plural.Of(cells, "cell"), want, limit))
		}
	}
	warn(crowded, plural.Of(mostUsers, "user"), plural.Of(ceiling.Streams, "stream"))
	warn(busy, fmt.Sprintf("%.0f output tokens a second", mostTokens), fmt.Sprintf("%.0f chunks a second", ceiling.ChunksPerSecond))
	return warnings
}

// tokensPerSecond is what a server that keeps up with an open loop sends where its rate is highest, each token a chunk; 0 for a closed loop, whose server decides.
// Of a trace it is the mean over the whole.
func tokensPerSecond(p *plan.Plan, cfg stage.LoadConfig) float64 {
	answers, err := p.Library.Lengths.Resolve(cfg.Workload.OSL)
	turns, turnsErr := p.Library.Lengths.Resolve(cfg.Workload.Turns)
	if err != nil || turnsErr != nil {
		return 0 // a plan of this program has them all
	}
	mean := answers.Mean()
	if answers.Kind == length.Text {
		mean = recordedMean(p, cfg.Workload.Dataset)
	}
	return max(cfg.RateRPS, cfg.Workload.Phases.PeakRPS()) * float64(max(1, turns.Mean())*mean)
}

// recordedMean is how many tokens the recorded answers of a dataset have on average, as far as the plan knows.
func recordedMean(p *plan.Plan, use *dataset.Use) int {
	for _, asked := range p.Prompts {
		if asked.SHA256 == use.Data.Digest && asked.Keep == use.Keep.String() && asked.OutputMean > 0 {
			return asked.OutputMean
		}
	}
	return 0
}

// knownOf says where a ceiling is from; its verb takes the ceiling.
func knownOf(ceiling facts.Ceiling) string {
	switch date := ceiling.MeasuredAt.Format("2006-01-02"); {
	case ceiling.AtLeast:
		return "was found to keep up with %s (inferencex calibrate, " + date + "), perhaps with more: give it a longer -budget"
	case ceiling.Measured():
		return "was found to keep up with %s (inferencex calibrate, " + date + ")"
	default:
		return "is only known to keep up with %s; inferencex calibrate finds out"
	}
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
