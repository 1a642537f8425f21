package aggregate

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/gpu"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
	"github.com/strangeloopio/inferencex/stages/metric/gate"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// input is what the steps of one cell left.
type input struct {
	cell     stage.CellConfig
	load     measured.Load
	loadDir  string // empty where the load failed, or the power that is sealed with it
	failure  string
	missing  bool   // nobody tried: the failure says why not
	powerDir string // empty where no power was fetched
}

// cell copies an input's rows into the run's tables and computes the cell. It holds the rows of one cell in memory.
func (k Kind) cell(in input, known stage.GPU, tables *tables) (result.Cell, error) {
	cell := result.Cell{Labels: in.cell.Labels, Simulated: in.simulated(), Metrics: map[string]float64{}}
	if in.loadDir == "" {
		reason, why := codeFailed, in.failure
		if cell.Status = result.StatusFailed; in.missing {
			why = cmp.Or(strings.TrimPrefix(strings.TrimPrefix(in.failure, notMeasured), ": "), "nobody tried")
			cell.Status, reason = result.StatusMissing, codeNotMeasured
		}
		cell.Failure, cell.Validity = in.failure, result.Invalid
		cell.Reasons, cell.Notes = []string{reason}, []string{reason + ": " + why}
		return cell, nil
	}
	data, run, err := in.read(tables)
	if err != nil {
		return result.Cell{}, err
	}
	cell.Origin = originOf(in.load, run)
	sample := metric.NewSample(in.cell, known, data)
	if a, ok := sample.Server(); ok {
		cell.ServerMetrics = a.Engine
	}
	cell.Status = result.StatusOK
	for _, d := range k.metrics {
		if v, ok := d.Compute(sample); ok {
			cell.Metrics[d.Name] = result.Round(v)
		}
	}
	cell.Phases = k.phasesOf(sample)
	if e := data.Energy; e != nil && e.Valid {
		u95 := result.Round(*e.U95Percent)
		cell.PowerValid, cell.PowerMethod, cell.PowerU95Percent = true, string(e.Method), &u95
	}
	verdict := gate.Judge(sample, gate.Facts(in.load))
	cell.Validity = string(verdict.Validity)
	for _, r := range verdict.Reasons {
		cell.Reasons = append(cell.Reasons, r.Code)
		cell.Notes = append(cell.Notes, r.Code+": "+r.Detail)
	}
	cell.SLOMissed = sample.Missed()
	for _, name := range cell.SLOMissed {
		cell.SLONotes = append(cell.SLONotes, missedNote(sample, name))
	}
	return cell, nil
}

// simulated reports whether the cell is of a simulated endpoint. Where there is no measurement to tell, its provider does.
func (in input) simulated() bool { return in.load.Simulated || in.cell.SimulatedByDesign }

// missedNote says by how much an objective was missed: "ttft_p99 7.2 ms > 5 ms".
func missedNote(sample *metric.Sample, name string) string {
	def, known := metric.FindObjective(name)
	if !known {
		return name + " is no metric"
	}
	beyond, within := ">", "≤"
	if def.Better == metric.Higher {
		beyond, within = "<", "≥"
	}
	limit := sample.Cell.SLO[name]
	v, ok := def.Compute(sample)
	if !ok {
		return fmt.Sprintf("%s has no value, wanted %s %s", name, within, result.Quantity(limit, def.Unit))
	}
	return name + " " + result.Compare(v, def.Unit, beyond, limit)
}

// originOf says where the numbers of a cell are from. run is the one that sealed the rows.
func originOf(load measured.Load, run string) result.Origin {
	origin := result.Origin{Run: run, ServerMetricsProblem: load.Server.Problem}
	if load.EpochUnixNS != 0 {
		origin.MeasuredAt = time.Unix(0, load.EpochUnixNS).UTC().Format(time.RFC3339)
	}
	if e := load.Endpoint; e != nil {
		origin.ServerEngine, origin.EngineVersion = e.Engine, e.EngineVersion
		for _, gpu := range e.GPUs {
			if !slices.Contains(origin.GPUNames, gpu.Name) {
				origin.GPUNames = append(origin.GPUNames, gpu.Name)
			}
		}
		if e.RTTSeconds > 0 {
			rtt := result.Round(e.RTTSeconds)
			origin.RTTSeconds = &rtt
		}
		if e.Simulated && e.Clock.Speed > 0 {
			origin.Speed = &e.Clock.Speed
		}
	}
	return origin
}

// read takes in the rows of the cell and passes them on to the run's tables under the address that the plan uses now: a sealed result may
// carry an older one. The run is the one that the file names as its own.
func (in input) read(tables *tables) (data metric.Data, run string, err error) {
	address := in.cell.Address
	rows, meta, err := table.Read[table.Request](filepath.Join(in.loadDir, measured.RequestsFile))
	if err != nil {
		return metric.Data{}, "", err
	}
	for i := range rows {
		rows[i].Cell = address
	}
	data.Requests, data.StartNS = rows, in.load.StartNS
	if err := tables.requests.Append(rows...); err != nil {
		return metric.Data{}, "", err
	}
	// A load may keep no chunks; the metrics that need them are then missing.
	err = table.Scan(filepath.Join(in.loadDir, measured.ChunksFile), func(rows []table.Chunk) error {
		for i, c := range rows {
			rows[i].Cell = address
			data.Chunks = append(data.Chunks, metric.Chunk{Request: c.Request, Seq: c.Seq, Tokens: c.Tokens, TNS: c.T})
		}
		return tables.chunks.Append(rows...)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return metric.Data{}, "", err
	}
	err = table.Scan(filepath.Join(in.loadDir, measured.ServerFile), func(rows []table.Server) error {
		for i := range rows {
			rows[i].Cell = address
		}
		data.Server = append(data.Server, rows...)
		return tables.server.Append(rows...)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return metric.Data{}, "", err
	}
	data.Energy, err = in.energy(address, tables)
	return data, meta["run"], err
}

// energy computes the energy of the cell from its readings, so that a better estimator needs no new measurement; nil where no power was fetched.
func (in input) energy(address string, tables *tables) (*energy.Result, error) {
	if in.powerDir == "" {
		return nil, nil
	}
	record, err := measured.ReadPower(in.powerDir)
	if err != nil {
		return nil, fmt.Errorf("read power: %w", err)
	}
	var readings []table.Power
	err = table.Scan(filepath.Join(in.powerDir, measured.PowerTable), func(rows []table.Power) error {
		for i := range rows {
			rows[i].Cell = address
		}
		readings = append(readings, rows...)
		return tables.power.Append(rows...)
	})
	if err != nil {
		return nil, err
	}
	e := energy.Estimate(readings, record.Query)
	if !e.Valid && record.Problem != "" {
		e.Reasons[0].Detail += ": " + record.Problem
	}
	return &e, nil
}

// knownOf completes what the suite says of a GPU type with what is publicly known of it. Prices are the plan's to say: they are part of what a
// result was computed from.
func knownOf(gpuType string, said stage.GPU) stage.GPU {
	known, _ := gpu.Find(gpuType)
	said.TDPWatts = cmp.Or(said.TDPWatts, known.TDPWatts)
	// A GPU that serves holds a model, so its idle power with one is the bound; without one it is the safer bound where only that is known.
	said.IdleWatts = cmp.Or(said.IdleWatts, known.ContextWatts, known.IdleWatts)
	return said
}
