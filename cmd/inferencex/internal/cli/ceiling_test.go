package cli

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	facts "github.com/strangeloopio/inferencex/stages/metric/measured"
)

func TestCeiling(t *testing.T) {
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	found := facts.Ceiling{Streams: 1536, ChunksPerSecond: 102_400, MeasuredAt: at, Machine: thisMachine(), Version: "v1"}
	elsewhere := found
	elsewhere.Machine.MaxProcs++
	for name, test := range map[string]struct {
		kept *facts.Ceiling
		want facts.Ceiling
	}{
		"never measured":           {nil, facts.DefaultCeiling()},
		"measured":                 {&found, found},
		"on another machine":       {&elsewhere, facts.DefaultCeiling()},
		"by a program that failed": {&facts.Ceiling{Machine: thisMachine()}, facts.DefaultCeiling()},
	} {
		t.Run(name, func(t *testing.T) {
			app := &App{CacheDir: t.TempDir()}
			if test.kept != nil {
				if path, err := app.keepCeiling(*test.kept); err != nil || path != filepath.Join(app.CacheDir, "inferencex", "ceiling.json") {
					t.Fatal(path, err)
				}
			}
			if diff := cmp.Diff(test.want, app.ceiling()); diff != "" {
				t.Errorf("ceiling (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := new(App).keepCeiling(found); err == nil || err.Error() != "keep the ceiling: this user has no folder for caches; set XDG_CACHE_HOME or HOME" {
		t.Error(err)
	}
	if got := new(App).ceiling(); got != facts.DefaultCeiling() {
		t.Errorf("without a folder: %+v", got)
	}
}

func TestBeyondCeiling(t *testing.T) {
	app := &App{CacheDir: t.TempDir()}
	if _, err := app.keepCeiling(facts.Ceiling{Streams: 100, ChunksPerSecond: 5000, MeasuredAt: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), Machine: thisMachine()}); err != nil {
		t.Fatal(err)
	}
	load := func(action plan.Action, config string) plan.Step {
		return plan.Step{Address: addr.Step{Kind: plan.Load}, Action: action, Config: []byte(config)}
	}
	p := &plan.Plan{Steps: []plan.Step{load(plan.Run, `{"users":100}`), load(plan.Reuse, `{"users":500}`), load(plan.Run, `{"rate_rps":50,"workload":{"osl":100}}`)}}
	if got := app.beyondCeiling(p); len(got) > 0 {
		t.Errorf("warnings: %q", got)
	}
	p.Steps = append(p.Steps, load(plan.Run, `{"users":101}`), load(plan.Run, `{"users":400}`),
		load(plan.Run, `{"rate_rps":51,"workload":{"osl":100}}`), load(plan.Run, `{"rate_rps":1,"workload":{"osl":100,"phases":[{"rate":80,"duration":"10s"}]}}`),
		load(plan.Run, `{"rate_rps":50,"workload":{"osl":{"text":"sha256:d","field":"answer"},"dataset":{"sha256":"d"}}}`))
	p.Prompts = []plan.Prompts{{SHA256: "d"}, {SHA256: "d", OutputMean: 101}}
	want := []string{
		"2 cells with up to 400 users: this machine's client was found to keep up with 100 streams (inferencex calibrate, 2026-11-23). " +
			"Beyond that, it may be the client that is measured",
		"3 cells with up to 8000 output tokens a second: this machine's client was found to keep up with 5000 chunks a second (inferencex calibrate, 2026-11-23). " +
			"Beyond that, it may be the client that is measured",
	}
	if diff := cmp.Diff(want, app.beyondCeiling(p)); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}
