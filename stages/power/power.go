// Package power is the stage fetch-power: it leaves the power readings of one cell, and the energy they come to, beside the cell's load.
// Its invariant: missing is missing. A source that fails or is not there gives an empty table and a reason code, never a zero, and fails the
// step only where the suite requires power, or by a panic.
//
// Readings come from the simulated endpoint, from one nvidia-smi that runs for the whole life of a deployment, or from a log in
// the form that the first benchmark of this project wrote.
package power

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// Name is the kind's word in suites and addresses.
const Name = "fetch-power"

// Config is what the kind is made of; its zero value works.
type Config struct {
	HTTP *http.Client // asks simulated endpoints; nil: a client with a timeout of 30 s
}

// Kind is the stage kind fetch-power.
type Kind struct{ http *http.Client }

var (
	_ stage.Runner  = (*Kind)(nil)
	_ stage.Watcher = (*Kind)(nil)
)

// New returns the kind.
func New(cfg Config) *Kind {
	if cfg.HTTP == nil {
		cfg.HTTP = &http.Client{Timeout: 30 * time.Second}
	}
	return &Kind{http: cfg.HTTP}
}

// Name returns "fetch-power".
func (k *Kind) Name() string { return Name }

// Class returns stage.Measure: readings are sealed with the load that they belong to.
func (k *Kind) Class() stage.Class { return stage.Measure }

// Revision counts changes that change results.
func (k *Kind) Revision() int { return 1 }

// Timeout leaves time for readings that come late.
func (k *Kind) Timeout() time.Duration { return 5 * time.Minute }

// reach is how far around the window readings are wanted even without a pad: a 1-s average tells of half a second before it.
const reach = time.Second

// source is where readings come from.
type source interface {
	// readings returns what is known of [from, to] (unix ns). It waits until the series reaches to, as long as that can be expected,
	// and returns what it has and no error if it does not.
	readings(ctx context.Context, from, to int64) (samples, error)
}

// samples is what a source knows of a stretch of time.
type samples struct {
	rows       []table.Power // of each GPU in the order in which they came
	clockError time.Duration // bound on |its clock − the load's|
	problem    string        // why they are fewer than they should be; empty: nothing is known to be missing
}

// origin is a source and what must be known to judge its readings.
type origin struct {
	name   string
	source source
	uuids  bool // readings carry the UUIDs that the endpoint lists
}

// Run fetches the readings around the window of task.Inputs[0], a load, and writes power.parquet, power.json and a CSV log to task.Dir.
func (k *Kind) Run(ctx context.Context, env stage.Env, task stage.Task) error {
	cfg, opts, err := decode(task.Config)
	if err != nil {
		return err
	}
	if len(task.Inputs) == 0 || task.Inputs[0].Dir == "" {
		return stage.Failf(stage.Permanent, "load_failed", "fetch-power: there is no load whose power to fetch")
	}
	load, err := measured.ReadLoad(task.Inputs[0].Dir)
	if err != nil {
		return fmt.Errorf("fetch-power: %w", err)
	}
	from := k.origin(env, task, opts)
	pad := time.Duration(opts.Pad)
	around := int64(max(pad, reach))
	got, err := from.source.readings(ctx, load.FromUnixNS()-around, load.ToUnixNS()+around)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if crew.PanicIn(err) != nil {
		return fmt.Errorf("fetch-power: %w", err)
	}
	rows := got.rows
	record := measured.Power{Source: from.name, Required: opts.Required, Readings: len(rows), Problem: got.problem, Query: energy.Query{
		FromUnixNS: load.FromUnixNS(), ToUnixNS: load.ToUnixNS(), Devices: cfg.GPUs,
		PadSeconds: pad.Seconds(), ClockErrorSeconds: got.clockError.Seconds(), ClockStepSeconds: stepBack(rows).Seconds(),
	}}
	if from.uuids {
		record.Query.UUIDs = uuidsOf(task)
	}
	if err != nil {
		record.Problem = err.Error()
		env.Log.Warn("fetch-power: the source gave no readings", "source", from.name, "error", err)
	} else if got.problem != "" {
		env.Log.Warn("fetch-power: the source gave fewer readings than it should", "source", from.name, "problem", got.problem)
	}
	for i := range rows {
		rows[i].Cell = task.Inputs[0].Address.String()
	}
	record.Result = energy.Estimate(rows, record.Query)
	if err := save(task.Dir, rows, record); err != nil {
		return err
	}
	if opts.Required && !record.Result.Valid {
		return missing(record)
	}
	return nil
}

// missing is the error of a step whose suite requires power.
func missing(record measured.Power) error {
	first := record.Result.Reasons[0]
	why := first.Detail
	if record.Problem != "" {
		why += ": " + record.Problem
	}
	return stage.Failf(stage.Permanent, string(first.Code), "fetch-power: power is required, and source %s has none that is valid: %s", record.Source, why)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// uuidsOf returns the GPUs that the server sees from inside.
func uuidsOf(task stage.Task) []string {
	var uuids []string
	for _, g := range endpoint(task).GPUs {
		if g.UUID != "" {
			uuids = append(uuids, g.UUID)
		}
	}
	return uuids
}

func endpoint(task stage.Task) stage.Endpoint {
	if task.Incarnation == nil || task.Incarnation.Live == nil {
		return stage.Endpoint{}
	}
	return task.Incarnation.Endpoint()
}

// decode reads the step's configuration. Options that the suite does not set have the defaults of Body.
func decode(raw json.RawMessage) (stage.PowerConfig, options, error) {
	var cfg stage.PowerConfig
	opts := defaults()
	if err := json.Unmarshal(raw, &cfg); err != nil {
		return cfg, opts, fmt.Errorf("fetch-power: read configuration: %w", err)
	}
	for _, part := range []json.RawMessage{cfg.Options, cfg.Unkeyed.Options} {
		if len(part) == 0 {
			continue
		}
		if err := json.Unmarshal(part, &opts); err != nil {
			return cfg, opts, fmt.Errorf("fetch-power: read options: %w", err)
		}
	}
	return cfg, opts, nil
}

func save(dir string, rows []table.Power, record measured.Power) error {
	if err := table.Write(filepath.Join(dir, measured.PowerTable), rows, nil); err != nil {
		return fmt.Errorf("fetch-power: %w", err)
	}
	text, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return fmt.Errorf("fetch-power: %w", err)
	}
	if err := writeFile(filepath.Join(dir, measured.PowerFile), append(text, '\n')); err != nil {
		return err
	}
	if len(rows) == 0 {
		return nil
	}
	return writeLog(dir, rows, record.Query)
}
