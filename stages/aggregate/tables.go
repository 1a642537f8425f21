package aggregate

import (
	"errors"
	"path/filepath"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// tables are the merged tables of a run while they are written, a row group at a time.
type tables struct {
	requests *table.Writer[table.Request]
	chunks   *table.Writer[table.Chunk]
	power    *table.Writer[table.Power]
	server   *table.Writer[table.Server]

	all []writer
}

type writer interface {
	Close() error
	Abort()
}

func openTables(dir string, meta table.Meta) (*tables, error) {
	t := &tables{}
	err := errors.Join(
		openTable(t, &t.requests, filepath.Join(dir, measured.RequestsFile), meta),
		openTable(t, &t.chunks, filepath.Join(dir, measured.ChunksFile), meta),
		openTable(t, &t.power, filepath.Join(dir, measured.PowerTable), meta),
		openTable(t, &t.server, filepath.Join(dir, measured.ServerFile), meta),
	)
	if err != nil {
		t.abort()
		return nil, err
	}
	return t, nil
}

func openTable[R any](t *tables, into **table.Writer[R], path string, meta table.Meta) (err error) {
	if *into, err = table.NewWriter[R](path, meta); err == nil {
		t.all = append(t.all, *into)
	}
	return err
}

func (t *tables) close() error {
	var err error
	for _, w := range t.all {
		err = errors.Join(err, w.Close())
	}
	return err
}

// abort drops what close has not published.
func (t *tables) abort() {
	for _, w := range t.all {
		w.Abort()
	}
}

// Versions of the fixed columns of these tables; those of the metrics come and go with metrics_def.
const (
	cellsVersion  = 1
	phasesVersion = 1
)

// Table is a table whose columns follow from the metrics: those that it has beside them.
type Table struct {
	Name    string
	Version int
	Columns []table.Column
}

// Tables returns the tables of cells and of phases.
func Tables() []Table {
	return []Table{
		{"cells", cellsVersion, typed(result.Columns(nil))},
		{"phases", phasesVersion, append([]table.Column{phaseCell}, typed(result.PhaseColumns(nil))...)},
	}
}

// phaseCell says to which cell a phase belongs.
var phaseCell = table.Column{Name: "cell", Type: table.String, Doc: "address of the load step"}

// writeCells writes the cells table: the columns of results.json.
func writeCells(dir string, r result.Results) error {
	columns := result.Columns(r.Metrics)
	rows := make([]map[string]any, len(r.Cells))
	for i, cell := range r.Cells {
		rows[i] = rowOf(columns, cell)
	}
	return table.WriteColumns(filepath.Join(dir, "cells.parquet"), "cells", cellsVersion, typed(columns), rows, fileMeta(r))
}

// writePhases writes the phases table, a row for each stretch of each load, or nothing where no load goes through phases.
func writePhases(dir string, r result.Results) error {
	columns := result.PhaseColumns(r.PhaseMetrics)
	var rows []map[string]any
	for _, cell := range r.Cells {
		for _, phase := range cell.Phases {
			row := rowOf(columns, phase)
			row[phaseCell.Name] = cell.Address
			rows = append(rows, row)
		}
	}
	if rows == nil {
		return nil
	}
	all := append([]table.Column{phaseCell}, typed(columns)...)
	return table.WriteColumns(filepath.Join(dir, "phases.parquet"), "phases", phasesVersion, all, rows, fileMeta(r))
}

func typed[Row any](columns []result.Column[Row]) []table.Column {
	typed := make([]table.Column, len(columns))
	for i, c := range columns {
		typed[i] = table.Column{Name: c.Name, Type: typeOf(c.Zero), Unit: c.Unit, Doc: c.Doc, Nullable: c.Nullable}
	}
	return typed
}

func rowOf[Row any](columns []result.Column[Row], of Row) map[string]any {
	row := map[string]any{}
	for _, c := range columns {
		row[c.Name] = c.Value(of)
	}
	return row
}

func typeOf(zero any) table.Type {
	switch zero.(type) {
	case int64:
		return table.Int64
	case float64:
		return table.Float64
	case bool:
		return table.Bool
	case []string:
		return table.StringList
	default:
		return table.String
	}
}
