package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/engine"
	"github.com/strangeloopio/inferencex/stages/simulator/virtualtest"
)

var updateSeed = flag.Bool("update-seed", false, "write the table of the seed in the simulator's README anew")

// seedRow is a cell of the table that the Python scripts published, or what configs/seed-table.hcl makes of it.
type seedRow struct {
	name                                            string
	tpsPerGPU, e2elSeconds, perUserTPS, ttftSeconds float64
}

// seedTable is that of the seed's README, in the order in which configs/seed-table.hcl has its cells.
var seedTable = []seedRow{
	{"1GPU/128U", 1255, 10.2, 29.2, 1.39},
	{"2GPU/128U", 653, 9.8, 30.1, 1.23},
	{"2GPU/64U", 582, 9.1, 30.3, 0.66},
	{"2GPU/32U", 458, 6.8, 40.5, 0.41},
	{"4GPU/32U", 165, 9.4, 34.4, 1.78},
	{"4GPU/16U", 105, 7.2, 37.9, 0.39},
}

// TestSeedTable plays the loads of configs/seed-table.hcl without a clock.
func TestSeedTable(t *testing.T) {
	rows := playSeed(t)
	table := sideBySide(rows)
	t.Log("\n" + table)
	for i := range seedTable {
		for _, off := range offSeed(rows, i) {
			t.Error(off)
		}
	}
	holdSeedTable(t, table)
}

// holdSeedTable compares the table with that of the simulator's README, or with -update-seed puts it there.
func holdSeedTable(t *testing.T, table string) {
	t.Helper()
	const path, begin, end = "../../../../stages/simulator/README.md", "<!-- seed-table -->\n", "<!-- /seed-table -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(text), begin)
	held, tail, closed := strings.Cut(rest, end)
	switch {
	case !found || !closed:
		t.Fatal("the README of the simulator has no place for the table")
	case *updateSeed:
		if err := os.WriteFile(path, []byte(head+begin+table+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	case held != table:
		t.Errorf("the README of the simulator has another table; -update-seed writes this one:\n%s", table)
	}
}

// offSeed holds a cell to the seed's and says what differs: by more than 15 %.
func offSeed(rows []seedRow, i int) (off []string) {
	got, want := rows[i], seedTable[i]
	for _, v := range []struct {
		figure    string
		got, want float64
	}{
		{"throughput per GPU", got.tpsPerGPU, want.tpsPerGPU},
		{"latency", got.e2elSeconds, want.e2elSeconds},
		{"interactivity", got.perUserTPS, want.perUserTPS},
		{"ttft", got.ttftSeconds, want.ttftSeconds},
	} {
		if !(math.Abs(v.got/v.want-1) <= 0.15) {
			off = append(off, fmt.Sprintf("%s: %s %.3g, the seed has %.3g: more than 15 %% apart", want.name, v.figure, v.got, v.want))
		}
	}
	return off
}

// sideBySide is a table in Markdown.
func sideBySide(rows []seedRow) string {
	var b strings.Builder
	b.WriteString("| cell | tok/s/GPU, seed | simulated | latency, seed | simulated | tok/s/user, seed | simulated | TTFT, seed | simulated |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for i, row := range rows {
		seed := seedTable[i]
		fmt.Fprintf(&b, "| %s | %.0f | %.0f | %.1f s | %.1f s | %.1f | %.1f | %.2f s | %.2f s |\n",
			seed.name, seed.tpsPerGPU, row.tpsPerGPU, seed.e2elSeconds, row.e2elSeconds, seed.perUserTPS, row.perUserTPS, seed.ttftSeconds, row.ttftSeconds)
	}
	return b.String()
}

// playSeed plays the plan's loads in their order, those of a deployment on one server.
func playSeed(t *testing.T) []seedRow {
	t.Helper()
	path, _ := writeConfig(t, "seed-table")
	var talk bytes.Buffer
	app := &App{Stdout: &talk, Stderr: &talk, Getenv: func(string) string { return "" }, Now: time.Now}
	suite, err := app.load(suiteFlags{}, []string{path})
	if err != nil {
		t.Fatal(err, talk.String())
	}
	p, err := app.plan(suite, suiteFlags{}, nil)
	if err != nil {
		t.Fatal(err, talk.String())
	}
	servers := map[addr.Step]*engine.Engine{}
	var rows []seedRow
	for _, step := range p.Steps {
		if step.Address.Kind != plan.Load {
			continue
		}
		var cfg stage.LoadConfig
		if err := json.Unmarshal(step.Config, &cfg); err != nil {
			t.Fatal(err)
		}
		if servers[step.Deployment] == nil {
			servers[step.Deployment] = seedServer(t, cfg.Deployment)
		}
		w := cfg.Workload
		timings, err := virtualtest.Play(servers[step.Deployment], virtualtest.Load{
			Users: cfg.Users, Requests: w.Requests, PromptTokens: w.ISL.Mean(), OutputTokens: w.OSL.Mean(), SharedTokens: w.SharedPrefix,
		})
		if err != nil {
			t.Fatal(err)
		}
		m := virtualtest.Summarise(timings)
		rows = append(rows, seedRow{
			name: step.Address.String(), tpsPerGPU: m.OutputTPS / float64(cfg.Deployment.GPUs),
			e2elSeconds: m.E2ELSeconds, perUserTPS: m.Interactivity, ttftSeconds: m.TTFTSeconds,
		})
	}
	if len(rows) != len(seedTable) {
		t.Fatalf("%d cells, want %d", len(rows), len(seedTable))
	}
	return rows
}

// seedServer is the scheduler of a deployment of the suite.
func seedServer(t *testing.T, d stage.Deployment) *engine.Engine {
	t.Helper()
	var args struct{ Profile string }
	if err := json.Unmarshal(d.Provider.Config, &args); err != nil {
		t.Fatal(err)
	}
	e, err := simulator.Config{Model: d.Model.Repo, GPUType: d.GPUType, GPUs: d.GPUs, Profile: args.Profile}.Engine()
	if err != nil {
		t.Fatal(err)
	}
	return e
}
