// Package aggregate is the stage that turns the measurements of all cells into a run's tables and results. Its invariant: every cell of the
// plan is a row, measured or failed, in the plan's order, and the same inputs give the same bytes.
//
// It writes tables/{requests,chunks,power,server,cells}.parquet, phases.parquet where loads go through phases, and report/{results.json,results.csv,results.md,benchmark_gpu_users_results.json};
// the last is the form of this project's first benchmark, for whoever still reads it.
package aggregate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/aggregate/report"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/gate"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// Name is the kind's word in addresses.
const Name = "aggregate"

// metricsDef is the version of the metrics' definitions; every table and the suite's readers can tell by it what a number meant.
const metricsDef = "2"

// Kind is the stage kind aggregate.
type Kind struct {
	metrics      []metric.Def
	phaseMetrics []metric.PhaseDef
}

var (
	_ stage.Runner   = Kind{}
	_ stage.Composed = Kind{}
)

// New returns the kind with every metric.
func New() Kind { return Of(metric.All()) }

// Of returns the kind with these metrics of a cell.
func Of(metrics []metric.Def) Kind { return Kind{metrics, metric.OfPhases()} }

// Name returns "aggregate".
func (Kind) Name() string { return Name }

// Class returns stage.Pure: the results follow from the measurements.
func (Kind) Class() stage.Class { return stage.Pure }

// Revision counts changes that change results, those of the GPU catalogue among them. Metrics and validity
// rules that come, go or are described anew, and columns of the summary, need no new one: they are Parts.
// TestRevision tells when one is due.
func (Kind) Revision() int { return 15 }

// Parts returns the metrics, as the tables and the results describe them, the rules of the gate, and the
// columns of the summary.
func (k Kind) Parts() map[string]any {
	parts := map[string]any{"summary": metric.Summary()}
	for _, m := range describe(k.metrics) {
		parts["metric."+m.Name] = m
	}
	for _, m := range describePhases(k.phaseMetrics) {
		parts["phase_metric."+m.Name] = m
	}
	for _, r := range gate.Rules() {
		parts["rule."+r.Code] = map[string]any{"severity": r.Severity, "doc": r.Doc}
	}
	return parts
}

// Timeout leaves time for thousands of cells on a slow disk.
func (Kind) Timeout() time.Duration { return time.Hour }

// Run merges the inputs' tables and computes each cell of the configuration.
func (k Kind) Run(ctx context.Context, env stage.Env, task stage.Task) error {
	var cfg stage.AggregateConfig
	if err := json.Unmarshal(task.Config, &cfg); err != nil {
		return fmt.Errorf("aggregate: read configuration: %w", err)
	}
	inputs, err := readInputs(task, cfg.Cells)
	if err != nil {
		return fmt.Errorf("aggregate: %w", err)
	}
	results := result.Results{Schema: result.Schema, Suite: cfg.Suite, Description: cfg.Description, Seed: cfg.Seed, Metrics: describe(k.metrics)}
	results.Simulated = slices.ContainsFunc(inputs, input.simulated)
	for _, dir := range []string{"tables", "report"} {
		if err := os.MkdirAll(filepath.Join(task.Dir, dir), 0o755); err != nil {
			return fmt.Errorf("aggregate: %w", err)
		}
	}
	tables, err := openTables(filepath.Join(task.Dir, "tables"), fileMeta(results))
	if err != nil {
		return fmt.Errorf("aggregate: %w", err)
	}
	defer tables.abort()
	for i, in := range inputs {
		if err := ctx.Err(); err != nil {
			return err
		}
		cell, err := k.cell(in, knownOf(in.cell.GPUType, cfg.GPUs[in.cell.GPUType]), tables)
		if err != nil {
			return fmt.Errorf("aggregate %s: %w", in.cell.Load, err)
		}
		results.Cells = append(results.Cells, cell)
		if len(cell.Phases) > 0 {
			results.PhaseMetrics = describePhases(k.phaseMetrics)
		}
		env.Report(stage.Progress{Done: i + 1, Total: len(inputs), Note: in.cell.Cell})
	}
	if err := errors.Join(tables.close(), writeCells(filepath.Join(task.Dir, "tables"), results), writePhases(filepath.Join(task.Dir, "tables"), results)); err != nil {
		return fmt.Errorf("aggregate: %w", err)
	}
	return writeReport(filepath.Join(task.Dir, "report"), results)
}

// notMeasured begins the failure of a load that nobody tried.
const notMeasured = "not measured"

// readInputs finds the load and the power of each cell.
func readInputs(task stage.Task, cells []stage.CellConfig) ([]input, error) {
	inputs := make([]input, len(cells))
	for i, cell := range cells {
		in := input{cell: cell}
		load, there := task.Input(cell.Load)
		switch {
		case !there:
			in.failure = "no load was planned"
		case load.Dir == "":
			in.failure = load.Failure
			if in.failure == "" {
				in.failure = "the load left nothing and did not say why"
			}
			in.missing = strings.HasPrefix(in.failure, notMeasured)
		default:
			in.loadDir = load.Dir
			var err error
			if in.load, err = measured.ReadLoad(load.Dir); err != nil {
				return nil, fmt.Errorf("%s: %w", cell.Load, err)
			}
		}
		if power, there := task.Input(cell.Power); there {
			in.powerDir = power.Dir
		}
		inputs[i] = in
	}
	return inputs, nil
}

// describe says of metrics what the tables and the results do.
func describe(metrics []metric.Def) []result.Metric {
	described := make([]result.Metric, len(metrics))
	for i, d := range metrics {
		described[i] = result.Metric{Name: d.Name, Unit: d.Unit, Better: d.Better, Doc: d.Doc}
	}
	return described
}

func fileMeta(r result.Results) map[string]string {
	return map[string]string{"suite": r.Suite, "metrics_def": metricsDef, "simulated": strconv.FormatBool(r.Simulated)}
}

func writeReport(dir string, results result.Results) error {
	for _, file := range []struct {
		name  string
		write func(io.Writer, result.Results) error
	}{
		{"results.json", func(w io.Writer, r result.Results) error { return r.Encode(w) }},
		{"results.csv", report.CSV},
		{"results.md", report.Markdown},
		{"benchmark_gpu_users_results.json", report.Seed},
	} {
		f, err := os.Create(filepath.Join(dir, file.name))
		if err != nil {
			return fmt.Errorf("aggregate: %w", err)
		}
		if err := errors.Join(file.write(f, results), f.Close()); err != nil {
			return fmt.Errorf("aggregate: write %s: %w", file.name, err)
		}
	}
	return nil
}
