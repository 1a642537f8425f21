// Package plot draws the charts of a run and writes its page. It draws what results.json says and measures nothing; equal results give equal
// files, byte for byte.
package plot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart"
	"github.com/strangeloopio/inferencex/stages/chart/page"
	"github.com/strangeloopio/inferencex/stages/chart/render"
	"github.com/strangeloopio/inferencex/stages/metric"
)

const (
	revision = 9
	// pngScale gives a picture that stays sharp over the width of a printed page.
	pngScale = 2
	// pngChart is the chart that is written as a bitmap too: what the seed's users put into slides.
	pngChart = "panels"
)

// Kind is the stage "plot".
type Kind struct{ charts []chart.Def }

var (
	_ stage.Runner   = Kind{}
	_ stage.Composed = Kind{}
)

// New returns the stage with every chart.
func New() Kind { return Of(chart.All()) }

// Of returns the stage with these charts.
func Of(charts []chart.Def) Kind { return Kind{charts} }

// Name is "plot".
func (Kind) Name() string { return "plot" }

// Class is Pure.
func (Kind) Class() stage.Class { return stage.Pure }

// Revision counts changes of this stage that change its files. Charts that come, go or get another title,
// and columns of the page's table, need no new one: they are Parts. TestRevision tells when one is due.
func (Kind) Revision() int { return revision }

// Parts returns the titles of the charts, and the metrics of the page's table.
func (k Kind) Parts() map[string]any {
	parts := map[string]any{"page": metric.Page()}
	for _, def := range k.charts {
		parts["chart."+def.Name] = def.Title
	}
	return parts
}

// Timeout leaves time for many charts of many cells.
func (Kind) Timeout() time.Duration { return 15 * time.Minute }

// Run reads report/results.json of its one input and writes report/NAME.svg for each chart, report/panels.png and report/index.html.
func (k Kind) Run(ctx context.Context, env stage.Env, task stage.Task) error {
	var cfg stage.PlotConfig
	if err := json.Unmarshal(task.Config, &cfg); err != nil {
		return fmt.Errorf("plot: configuration: %w", err)
	}
	if len(task.Inputs) != 1 || task.Inputs[0].Dir == "" {
		return fmt.Errorf("plot: want the results of aggregate, got %d inputs", len(task.Inputs))
	}
	results, err := result.Read(filepath.Join(task.Inputs[0].Dir, "report", "results.json"))
	if err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	defs, err := k.chosen(cfg.Charts)
	if err != nil {
		return err
	}
	dir := filepath.Join(task.Dir, "report")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	drawn, err := draw(ctx, env, dir, defs, chartData(cfg.Suite, results))
	if err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	var html bytes.Buffer
	if err := page.Write(&html, pageOf(cfg.Suite, results, drawn)); err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, "index.html"), html.Bytes(), 0o644)
}

// chosen returns the charts of these names, in the order of the page; no names are all of them.
func (k Kind) chosen(names []string) ([]chart.Def, error) {
	if names == nil {
		return k.charts, nil
	}
	var defs []chart.Def
	var known []string
	for _, def := range k.charts {
		known = append(known, def.Name)
		if slices.Contains(names, def.Name) {
			defs = append(defs, def)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("plot: there is no chart %q; there are: %s", name, strings.Join(known, ", "))
		}
	}
	return defs, nil
}

// draw writes the pictures.
func draw(ctx context.Context, env stage.Env, dir string, defs []chart.Def, data chart.Data) ([]page.Chart, error) {
	var drawn []page.Chart
	for i, def := range defs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		env.Report(stage.Progress{Done: i, Total: len(defs), Note: def.Name})
		figure, err := def.Build(data)
		if err != nil {
			return nil, err
		}
		svg, err := figure.SVG()
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, def.Name+".svg"), svg, 0o644); err != nil {
			return nil, err
		}
		if def.Name == pngChart {
			png, err := picture(svg, data)
			if err != nil {
				return nil, err
			}
			if err := os.WriteFile(filepath.Join(dir, def.Name+".png"), png, 0o644); err != nil {
				return nil, err
			}
		}
		drawn = append(drawn, page.Chart{Figure: figure, SVG: svg})
	}
	return drawn, nil
}

// picture is a chart as a PNG that says what it is of.
func picture(svg []byte, data chart.Data) ([]byte, error) {
	png, err := render.PNG(svg, pngScale)
	if err != nil {
		return nil, err
	}
	text := data.Title
	if data.Simulated {
		text += " (simulated)"
	}
	return render.Describe(png, "Description", text)
}

// chartData turns results into what charts are drawn from: one cell a point, its trials merged.
func chartData(suite string, results result.Results) chart.Data {
	data := chart.Data{Title: suite, Simulated: results.Simulated}
	for _, p := range result.Points(results.Cells) {
		cell := chart.Cell{Labels: p.Labels, Name: p.Label(), Status: p.Status(), Validity: p.Validity()}
		for _, trial := range p.Trials {
			cell.Reasons = append(cell.Reasons, trial.Reasons...)
		}
		cell.Values, cell.Phases = valuesOf(p.Stats), heldOf(p, cell)
		data.Cells = append(data.Cells, cell)
	}
	return data
}

func valuesOf(stats map[string]result.Stat) map[string]chart.Value {
	values := map[string]chart.Value{}
	for name, s := range stats {
		values[name] = chart.Value{Mean: s.Mean, Low: s.Min, High: s.Max, Trials: s.N, OK: true}
	}
	return values
}

// heldOf are the phases of a point's load in which something was sent and nothing changed; nil where there are no phases at all.
func heldOf(p result.Point, whole chart.Cell) []chart.Cell {
	phases := p.Phases()
	if len(phases) == 0 {
		return nil
	}
	held := []chart.Cell{}
	for _, phase := range phases {
		if phase.RampFrom != nil || (phase.Users == 0 && phase.RateRPS == 0) {
			continue
		}
		c := whole
		c.Name += ", " + phase.Label(p.RateRPS > 0)
		c.Users, c.RateRPS, c.Values = phase.Users, phase.RateRPS, valuesOf(phase.Stats)
		held = append(held, c)
	}
	return held
}
