package chart

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// The metric columns the charts read. Units are part of the contract.
const (
	ThroughputPerGPU = "output_tps_per_gpu" // output tokens per second and GPU
	LatencySeconds   = "e2el_mean_s"        // mean end-to-end latency, seconds
	Interactivity    = "interactivity"      // tokens per second and user
	TTFTSeconds      = "ttft_mean_s"        // mean time to first token, seconds
	TokensPerKW      = "tok_s_per_kw"       // output tokens per second and kilowatt
	PowerWatts       = "power_w_mean"       // mean board power of one GPU, watts
)

// What a Cell's Validity may say. Any other text, the empty one too, counts as valid.
const (
	ValidWithNotes = "valid_with_notes"
	Invalid        = "invalid"
)

// Data is what a chart is drawn from.
type Data struct {
	Title     string // the run's title; heads a chart that shows more than one series
	Simulated bool   // no real GPU was measured; every chart then says so
	Cells     []Cell // one per point, trials merged; groups of cells are shown in the order in which they come first
}

// Cell is one measured point.
type Cell struct {
	result.Labels // what was measured; of a phase, Users and RateRPS are its own

	Name     string   // short name of the configuration, such as "2GPU/64U"
	Status   string   // how the measurement ended; shown in tooltips only
	Validity string   // valid, valid_with_notes or invalid
	Reasons  []string // codes of what is to be said of the validity
	Values   map[string]Value
	// Phases are what a load that goes through phases came to while it was held at one pressure; nil for a load that
	// is one thing all along.
	Phases []Cell
}

// Value is one metric of one cell.
type Value struct {
	Mean      float64 // over trials, in the metric's unit
	Low, High float64 // lowest and highest trial; both equal Mean for one trial
	Trials    int     // trials the mean is taken over
	OK        bool    // false: not measured, drawn as a gap and never as zero
}

// pressure says what the cell was measured under, "16U" or "5rps"; "" where that is not known.
func (c Cell) pressure() string {
	switch {
	case c.Users > 0:
		return strconv.Itoa(c.Users) + "U"
	case c.open():
		return strconv.FormatFloat(c.RateRPS, 'g', -1, 64) + "rps"
	default:
		return ""
	}
}

// value returns a metric that can be drawn: measured, and finite throughout.
func (c Cell) value(metric string) (Value, bool) {
	v := c.Values[metric]
	for _, x := range []float64{v.Mean, v.Low, v.High} {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return Value{}, false
		}
	}
	return v, v.OK
}

// varies reports trials that a whisker can tell apart.
func (v Value) varies() bool { return v.Trials > 1 && v.Low < v.High }

// compareCells orders the cells of a group as charts show them.
func compareCells(a, b Cell) int {
	return cmp.Or(
		cmp.Compare(a.GPUs, b.GPUs),
		cmp.Compare(a.Users, b.Users),
		cmp.Compare(a.RateRPS, b.RateRPS),
		cmp.Compare(a.Name, b.Name),
	)
}

// alike reports cells that may share a line or a group of bars: same benchmark, model, request shape, workload, GPU
// type and load model.
func alike(a, b Cell) bool {
	return rivals(a, b) && a.Workload == b.Workload && a.GPUType == b.GPUType && a.open() == b.open()
}

// open reports a cell of an open loop.
func (c Cell) open() bool { return c.RateRPS > 0 }

// rivals reports cells that compete for one frontier: GPU types do, models do not.
func rivals(a, b Cell) bool {
	return a.Benchmark == b.Benchmark && a.Model == b.Model && a.Input() == b.Input() && a.Output() == b.Output()
}

// byPhase puts the phases of each load that goes through some in its place: its own numbers are of no pressure in particular.
func byPhase(cells []Cell) []Cell {
	var out []Cell
	for _, c := range cells {
		if c.Phases == nil {
			out = append(out, c)
		}
		out = append(out, c.Phases...)
	}
	return out
}

// gather splits cells into groups of the same kind, in the order in which each comes first.
func gather(cells []Cell, same func(a, b Cell) bool) [][]Cell {
	var out [][]Cell
	for _, c := range cells {
		i := slices.IndexFunc(out, func(g []Cell) bool { return same(g[0], c) })
		if i < 0 {
			i = len(out)
			out = append(out, nil)
		}
		out[i] = append(out[i], c)
	}
	return out
}

// groups splits cells into those that are alike, each sorted.
func groups(cells []Cell) [][]Cell {
	out := gather(cells, alike)
	for _, g := range out {
		slices.SortStableFunc(g, compareCells)
	}
	return out
}

// byGPUs splits one group into runs of equal GPU count.
func byGPUs(group []Cell) [][]Cell {
	return gather(group, func(a, b Cell) bool { return a.GPUs == b.GPUs })
}

// gpuCounts returns the distinct GPU counts in ascending order.
func gpuCounts(cells []Cell) []int {
	var counts []int
	for _, c := range cells {
		counts = append(counts, c.GPUs)
	}
	slices.Sort(counts)
	return slices.Compact(counts)
}
