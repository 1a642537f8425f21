package smi

import (
	"fmt"
	"slices"
	"strconv"
)

// field is something that can be asked of a GPU. The first of its names is the one that headings show.
type field struct {
	names []string
	unit  string
	power bool // [N/A] where the power is not available
	since int  // major version of the driver that first had it
	print func(Board) string
}

// timeLayout is how nvidia-smi writes a time.
const timeLayout = "2006/01/02 15:04:05.000"

// kinds of power came with driver 530.
const kindsOfPower = 530

func fields() []field {
	const mib, mhz = 1 << 20, 1e6
	watts := func(of func(Board) float64) func(Board) string {
		return func(b Board) string { return fmt.Sprintf("%.2f", of(b)) }
	}
	whole := func(of func(Board) float64) func(Board) string {
		return func(b Board) string { return fmt.Sprintf("%.0f", of(b)) }
	}
	text := func(of string) func(Board) string { return func(Board) string { return of } }
	average := watts(func(b Board) float64 { return b.AverageWatts })
	limit := watts(func(b Board) float64 { return b.LimitWatts })
	clock := whole(func(b Board) float64 { return b.SMClockHz / mhz })
	return []field{
		{names: []string{"timestamp"}, print: func(b Board) string { return b.At.Format(timeLayout) }},
		{names: []string{"index"}, print: func(b Board) string { return strconv.Itoa(b.Index) }},
		{names: []string{"uuid", "gpu_uuid"}, print: func(b Board) string { return b.UUID }},
		{names: []string{"name", "gpu_name"}, print: func(b Board) string { return b.Name }},
		// Ampere and later, but for the A100, average over a second where a kind is not asked for.
		{names: []string{"power.draw"}, unit: "W", power: true, print: average},
		{names: []string{"power.draw.average"}, unit: "W", power: true, since: kindsOfPower, print: average},
		{names: []string{"power.draw.instant"}, unit: "W", power: true, since: kindsOfPower, print: watts(func(b Board) float64 { return b.InstantWatts })},
		{names: []string{"power.limit"}, unit: "W", print: limit},
		{names: []string{"enforced.power.limit"}, unit: "W", print: limit},
		{names: []string{"utilization.gpu"}, unit: "%", print: whole(func(b Board) float64 { return b.GPUUtil })},
		{names: []string{"utilization.memory"}, unit: "%", print: whole(func(b Board) float64 { return b.MemUtil })},
		{names: []string{"memory.total"}, unit: "MiB", print: whole(func(b Board) float64 { return float64(b.MemBytes / mib) })},
		{names: []string{"memory.used"}, unit: "MiB", print: whole(func(b Board) float64 { return float64(b.MemUsedBytes / mib) })},
		{names: []string{"memory.free"}, unit: "MiB", print: whole(func(b Board) float64 { return float64((b.MemBytes - b.MemUsedBytes) / mib) })},
		{names: []string{"temperature.gpu"}, print: whole(func(b Board) float64 { return b.TemperatureC })},
		{names: []string{"clocks.current.sm", "clocks.sm"}, unit: "MHz", print: clock},
		{names: []string{"clocks.current.graphics", "clocks.gr"}, unit: "MHz", print: clock},
		{names: []string{"mig.mode.current"}, print: text("Disabled")},
	}
}

// lookup finds a field by any of its names.
func lookup(name string) (field, bool) {
	all := fields()
	i := slices.IndexFunc(all, func(f field) bool { return slices.Contains(f.names, name) })
	if i < 0 {
		return field{}, false
	}
	return all[i], true
}
