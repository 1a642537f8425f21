package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/aggregate"
	"github.com/strangeloopio/inferencex/stages/all"
	"github.com/strangeloopio/inferencex/stages/chart"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/plot"
)

const partsSuite = `
suite "parts" { seed = 1 }
model "m" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}
provider "simulator" "p" {}
workload "w" {
  isl      = 16
  osl      = 16
  requests = 4
}
benchmark "b" {
  model    = model.m
  provider = provider.simulator.p
  workload = workload.w
  gpu_type = "H100"
  users    = 1
  trials   = 1
}
`

// programOf is the program with these stages in place of its own.
func programOf(stages ...stage.Kind) *all.Registry {
	registry := all.New(all.Config{})
	for _, kind := range stages {
		registry.Kinds()[kind.Name()] = kind
	}
	return registry
}

// What is protected: that a metric or a chart which is added as ARCHITECTURE.md says, by a file and a line, appears in a folder that was sealed
// before. The step that has it runs again, the steps before it do not, and no load is repeated.
func TestANewPartAppearsInASealedFolder(t *testing.T) {
	dir := t.TempDir()
	path, runs := filepath.Join(dir, "suite.hcl"), filepath.Join(dir, "runs")
	if err := os.WriteFile(path, []byte(partsSuite), 0o644); err != nil {
		t.Fatal(err)
	}
	const name = "ttft_p90_s"
	without := slices.DeleteFunc(metric.All(), func(d metric.Def) bool { return d.Name == name })
	redefined := metric.All()
	redefined[0].Doc = "Another sentence."
	charts := chart.All()
	last := charts[len(charts)-1].Name
	picture := "report/" + last + ".svg"
	for _, v := range []struct {
		name      string
		registry  *all.Registry
		ran       []string // the steps that did their work
		reason    string   // why, of the first of those
		has, lack []string // files of the run
		metric    bool
	}{
		{"first", programOf(aggregate.Of(without), plot.Of(charts[:len(charts)-1])), []string{"load", "aggregate", "plot"}, "not measured yet", nil, []string{picture}, false},
		{"the same", programOf(aggregate.Of(without), plot.Of(charts[:len(charts)-1])), nil, "", nil, []string{picture}, false},
		{"a new chart", programOf(aggregate.Of(without)), []string{"plot"}, "plot.chart." + last + ": new, ", []string{picture}, nil, false},
		{"a new metric", programOf(), []string{"aggregate", "plot"}, "aggregate.metric." + name + ": new, ", []string{picture}, nil, true},
		{"another definition", programOf(aggregate.Of(redefined)), []string{"aggregate", "plot"}, `.doc: "`, nil, nil, true},
		{"nothing new", programOf(aggregate.Of(redefined)), nil, "", []string{picture}, nil, true},
	} {
		t.Run(v.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			app := &App{
				Args: []string{"run", "-json", "-dir", runs, path}, Stdout: &stdout, Stderr: &stderr,
				Getenv: func(string) string { return "" }, Now: time.Now, Quit: os.Exit, registry: v.registry,
			}
			if code := Main(app); code != ExitOK && code != ExitCells { // a busy machine measures cells that are not valid
				t.Fatalf("exit code %d\n%s", code, &stderr)
			}
			ran, why := begun(stdout.String())
			if !slices.Equal(ran, v.ran) || !strings.Contains(why, v.reason) {
				t.Errorf("ran %v, want %v because of %q; the first begins with %s", ran, v.ran, v.reason, why)
			}
			latest := filepath.Join(runs, "latest")
			for _, file := range v.has {
				if _, err := os.Stat(filepath.Join(latest, file)); err != nil {
					t.Error(err)
				}
			}
			for _, file := range v.lack {
				if _, err := os.Stat(filepath.Join(latest, file)); err == nil {
					t.Errorf("%s is there already", file)
				}
			}
			results, err := result.Read(filepath.Join(latest, "report", "results.json"))
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := results.Cells[0].Value(name); ok != v.metric || results.Cells[0].Status != result.StatusOK {
				t.Errorf("%s is there: %v, want %v", name, ok, v.metric)
			}
		})
	}
}

// begun returns the kinds of the loads and the pure steps that a run began, in their order, and the reason of the first.
func begun(events string) (kinds []string, why string) {
	for line := range strings.Lines(events) {
		for _, kind := range []string{"load", "aggregate", "plot"} {
			if strings.Contains(line, `"type":"step_started"`) && strings.Contains(line, `"step":"`+kind) {
				if len(kinds) == 0 {
					why = strings.ReplaceAll(line, `\"`, `"`)
				}
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds, why
}
