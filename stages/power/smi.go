package power

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/schemas/plural"
	"github.com/strangeloopio/inferencex/schemas/table"
)

// The kinds of a power reading.
const (
	kindAverage = "avg1s"
	kindInstant = "instant"
	kindUnknown = "unknown" // power.draw: an average on Ampere and later, save the A100
)

// smiTime is how nvidia-smi writes a time, in the zone of its TZ.
const smiTime = "2006/01/02 15:04:05.000"

// fields are what nvidia-smi is asked for. Drivers before 530 refuse the two kinds of power and are asked for power.draw instead.
func fields(fallback bool) []string {
	power := []string{"power.draw.average", "power.draw.instant"}
	if fallback {
		power = []string{"power.draw"}
	}
	all := append([]string{"timestamp", "index", "uuid"}, power...)
	return append(all, "utilization.gpu", "utilization.memory", "memory.used", "temperature.gpu", "clocks.sm")
}

// arguments returns the arguments of an nvidia-smi that prints the fields every period until it is stopped.
func arguments(fallback bool, period time.Duration, devices []string) []string {
	args := []string{
		"--query-gpu=" + strings.Join(fields(fallback), ","),
		"--format=csv,noheader,nounits",
		"-lms", strconv.FormatInt(max(1, period.Milliseconds()), 10),
	}
	if len(devices) > 0 {
		args = append(args, "-i", strings.Join(devices, ","))
	}
	return args
}

// reading is a row of nvidia-smi in half the room of a table.Power; NaN is what the driver did not tell.
type reading struct {
	unixNS, heardNS            int64 // as nvidia-smi says, and when it was heard on the load's clock
	index                      int32
	uuid                       string
	average, instant, draw     float64 // W
	gpuUtil, memUtil           float64 // fraction
	memUsed, tempC, smClockMHz float64 // MiB, °C, MHz
}

// parseReading reads one line of nvidia-smi. A line that is torn, or no row at all, is an error.
func parseReading(line string, fallback bool) (reading, error) {
	names := fields(fallback)
	cells := strings.Split(line, ",")
	if len(cells) != len(names) {
		return reading{}, fmt.Errorf("%s, want %d", plural.Of(len(cells), "field"), len(names))
	}
	r := reading{average: math.NaN(), instant: math.NaN(), draw: math.NaN()}
	for i, name := range names {
		if err := r.set(name, strings.TrimSpace(cells[i])); err != nil {
			return reading{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	return r, nil
}

func (r *reading) set(name, cell string) error {
	switch name {
	case "timestamp":
		t, err := time.ParseInLocation(smiTime, cell, time.UTC)
		r.unixNS = t.UnixNano()
		return err
	case "uuid":
		r.uuid = cell
		return nil
	case "index":
		n, err := strconv.ParseInt(cell, 10, 32)
		r.index = int32(n)
		return err
	}
	v, err := parseCell(cell)
	if err != nil {
		return err
	}
	switch name {
	case "power.draw.average":
		r.average = v
	case "power.draw.instant":
		r.instant = v
	case "power.draw":
		r.draw = v
	case "utilization.gpu":
		r.gpuUtil = v / 100
	case "utilization.memory":
		r.memUtil = v / 100
	case "memory.used":
		r.memUsed = v
	case "temperature.gpu":
		r.tempC = v
	case "clocks.sm":
		r.smClockMHz = v
	}
	return nil
}

// parseCell reads a number, or NaN for [N/A], [Not Supported], [Unknown Error] and their like.
func parseCell(cell string) (float64, error) {
	if strings.HasPrefix(cell, "[") && strings.HasSuffix(cell, "]") || cell == "N/A" {
		return math.NaN(), nil
	}
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0, fmt.Errorf("%q is no number", cell)
	}
	return v, nil
}

const (
	bytesPerMiB = 1 << 20
	hzPerMHz    = 1e6
)

func (r reading) power(seq int64, host string) table.Power {
	row := table.Power{TUnixNS: r.unixNS, Seq: seq, Host: host, GPUIndex: r.index, GPUUUID: r.uuid, Source: sourceSMI}
	switch {
	case !math.IsNaN(r.average):
		row.PowerWatts, row.PowerKind, row.InstantWatts = known(r.average), kindAverage, known(r.instant)
	case !math.IsNaN(r.instant):
		row.PowerWatts, row.PowerKind = known(r.instant), kindInstant
	default:
		row.PowerWatts, row.PowerKind = known(r.draw), kindUnknown
	}
	row.GPUUtil, row.MemUtil, row.TempC = known(r.gpuUtil), known(r.memUtil), known(r.tempC)
	row.SMClockHz = known(r.smClockMHz * hzPerMHz)
	if !math.IsNaN(r.memUsed) {
		used := int64(r.memUsed * bytesPerMiB)
		row.MemUsedBytes = &used
	}
	return row
}

func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}
