package power

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
)

// A log has one row a reading and GPU. Times are ISO 8601 without a zone and mean UTC; rows have a blank after each comma, as nvidia-smi prints
// them; the file's name is power_log_{n}gpu_{YYYYMMDD_HHMMSS}.csv.
const (
	logHeader   = "timestamp,gpu_id,power_draw_w,temperature_c,gpu_util_pct,mem_util_pct,mem_used_mb"
	logTime     = "2006-01-02T15:04:05.000000"
	logTimeRead = "2006-01-02T15:04:05" // Go reads a fraction after the seconds by itself
	logName     = "power_log_%dgpu_%s.csv"
)

// csvLogs is the source of recorded logs.
type csvLogs struct {
	path string // a log or a folder of logs
	gpus int    // of the folder's logs, those for so many GPUs are read
}

func (c csvLogs) readings(_ context.Context, from, to int64) (samples, error) {
	paths := []string{c.path}
	if info, err := os.Stat(c.path); err == nil && info.IsDir() {
		pattern := filepath.Join(c.path, fmt.Sprintf(logName, c.gpus, "*"))
		if paths, err = filepath.Glob(pattern); err != nil || len(paths) == 0 {
			return samples{}, fmt.Errorf("read power logs: no %s: %w", pattern, errors.Join(os.ErrNotExist, err))
		}
	}
	var rows []table.Power
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return samples{}, fmt.Errorf("read power log: %w", err)
		}
		log, err := parseLog(text)
		if err != nil {
			return samples{}, fmt.Errorf("read power log %s: %w", path, err)
		}
		rows = append(rows, log...)
	}
	return samples{rows: around(rows, from, to), clockError: csvClockError}, nil
}

// around returns the rows of [from, to] and of two seconds beyond, since logs of a reading a second must still bracket the window.
func around(rows []table.Power, from, to int64) []table.Power {
	const margin = int64(2 * time.Second)
	return slices.DeleteFunc(rows, func(r table.Power) bool { return r.TUnixNS < from-margin || r.TUnixNS > to+margin })
}

// parseLog reads a log. Its last row may be torn: whoever copied it did not wait for its writer. A bad row elsewhere is an error.
func parseLog(text []byte) ([]table.Power, error) {
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	if strings.TrimSpace(lines[0]) != logHeader {
		return nil, fmt.Errorf("line 1 is %.80q, want %q", lines[0], logHeader)
	}
	var rows []table.Power
	next := map[int32]int64{}
	for i, line := range lines[1:] {
		if strings.TrimSpace(line) == "" {
			continue
		}
		row, err := parseLogRow(line)
		if err != nil {
			if i == len(lines)-2 {
				break
			}
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		row.Seq = next[row.GPUIndex]
		next[row.GPUIndex]++
		rows = append(rows, row)
	}
	return rows, nil
}

func parseLogRow(line string) (table.Power, error) {
	cells := strings.Split(line, ",")
	if want := strings.Count(logHeader, ",") + 1; len(cells) != want {
		return table.Power{}, fmt.Errorf("%s, want %d", plural.Of(len(cells), "field"), want)
	}
	t, err := time.ParseInLocation(logTimeRead, strings.TrimSpace(cells[0]), time.UTC)
	if err != nil {
		return table.Power{}, fmt.Errorf("timestamp: %w", err)
	}
	index, err := strconv.ParseInt(strings.TrimSpace(cells[1]), 10, 32)
	if err != nil {
		return table.Power{}, fmt.Errorf("gpu_id: %w", err)
	}
	var v [5]float64 // power, temperature, utilisation, memory utilisation, memory
	for i := range v {
		if v[i], err = parseCell(strings.TrimSpace(cells[i+2])); err != nil {
			return table.Power{}, err
		}
	}
	r := reading{
		unixNS: t.UnixNano(), index: int32(index), average: math.NaN(), instant: math.NaN(), smClockMHz: math.NaN(),
		draw: v[0], tempC: v[1], gpuUtil: v[2] / 100, memUtil: v[3] / 100, memUsed: v[4],
	}
	row := r.power(0, "")
	row.Source = sourceCSV
	return row, nil
}

// writeLog writes the readings as a log, named for the number of GPUs and the second in which the window begins.
func writeLog(dir string, rows []table.Power, q energy.Query) error {
	var b bytes.Buffer
	if err := formatLog(&b, rows); err != nil {
		return err
	}
	gpus := map[string]bool{}
	for _, r := range rows {
		gpus[r.GPUUUID+"/"+strconv.Itoa(int(r.GPUIndex))] = true
	}
	begin := time.Unix(0, q.FromUnixNS).UTC().Format("20060102_150405")
	return writeFile(filepath.Join(dir, fmt.Sprintf(logName, len(gpus), begin)), b.Bytes())
}

// formatLog writes rows in the order of time and GPU.
func formatLog(w io.Writer, rows []table.Power) error {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b table.Power) int {
		return cmp.Or(cmp.Compare(a.TUnixNS, b.TUnixNS), cmp.Compare(a.GPUIndex, b.GPUIndex))
	})
	if _, err := fmt.Fprintln(w, logHeader); err != nil {
		return err
	}
	for _, r := range rows {
		var mib *float64
		if r.MemUsedBytes != nil {
			v := float64(*r.MemUsedBytes) / bytesPerMiB
			mib = &v
		}
		_, err := fmt.Fprintf(w, "%s, %d, %s, %s, %s, %s, %s\n", time.Unix(0, r.TUnixNS).UTC().Format(logTime), r.GPUIndex,
			cell(r.PowerWatts, 1, 2), cell(r.TempC, 1, 0), cell(r.GPUUtil, 100, 0), cell(r.MemUtil, 100, 0), cell(mib, 1, 0))
		if err != nil {
			return err
		}
	}
	return nil
}

func cell(v *float64, scale float64, digits int) string {
	if v == nil {
		return "[N/A]"
	}
	return strconv.FormatFloat(*v*scale, 'f', digits, 64)
}

func writeFile(path string, data []byte) error {
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return fmt.Errorf("fetch-power: %w", err)
	}
	return nil
}
