package aggregate

import (
	"errors"
	"path/filepath"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
)

// tables are the merged tables of a run while they are written, a row group at a time.
type tables struct {
	requests *table.Writer[table.Request]
	chunks   *table.Writer[table.Chunk]
	power    *table.Writer[table.Power]
}

func openTables(dir string, meta table.Meta) (*tables, error) {
	var t tables
	var err error
	if t.requests, err = table.NewWriter[table.Request](filepath.Join(dir, "requests.parquet"), meta); err != nil {
		return nil, err
	}
	if t.chunks, err = table.NewWriter[table.Chunk](filepath.Join(dir, "chunks.parquet"), meta); err != nil {
		t.requests.Abort()
		return nil, err
	}
	if t.power, err = table.NewWriter[table.Power](filepath.Join(dir, "power.parquet"), meta); err != nil {
		t.requests.Abort()
		t.chunks.Abort()
		return nil, err
	}
	return &t, nil
}

func (t *tables) close() error {
	return errors.Join(t.requests.Close(), t.chunks.Close(), t.power.Close())
}

// abort drops what close has not published.
func (t *tables) abort() {
	t.requests.Abort()
	t.chunks.Abort()
	t.power.Abort()
}

// cellsVersion is the version of the cells table's fixed columns; those of the metrics come and go with metrics_def.
const cellsVersion = 1

// writeCells writes the cells table: the columns of results.json.
func writeCells(dir string, r result.Results) error {
	columns := result.Columns(r.Metrics)
	typed := make([]table.Column, len(columns))
	for i, c := range columns {
		typed[i] = table.Column{Name: c.Name, Type: typeOf(c.Zero), Unit: c.Unit, Doc: c.Doc, Nullable: c.Nullable}
	}
	rows := make([]map[string]any, len(r.Cells))
	for i, cell := range r.Cells {
		rows[i] = map[string]any{}
		for _, c := range columns {
			rows[i][c.Name] = c.Value(cell)
		}
	}
	return table.WriteColumns(filepath.Join(dir, "cells.parquet"), "cells", cellsVersion, typed, rows, fileMeta(r))
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
