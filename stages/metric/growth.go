package metric

import (
	"cmp"
	"math"
	"slices"

	"github.com/strangeloopio/inferencex/schemas/table"
)

// fewestForGrowth is how many requests it takes to tell growth from chance.
const fewestForGrowth = 16

// Growth is how an open loop's answers fell behind its arrivals.
type Growth struct {
	// PerSecond is by how many seconds a request took longer, from when it was due to its end, for each second that it was due later: 0 where the
	// server keeps up, and r/c − 1 where r requests a second come and it completes c.
	PerSecond float64
	Error     float64 // standard error of PerSecond
	Seconds   float64 // by how much requests took longer at the end than at the start of the time that was looked at
	Mean      float64 // of the time that they took
}

// AnsweredRPS is the rate at which requests are answered that are sent at a rate.
func (g Growth) AnsweredRPS(sentRPS float64) float64 { return sentRPS / (1 + max(0, g.PerSecond)) }

// Growth fits a line to how long the requests of the second half of an open loop took, by when they were due; the first half fills the server. A
// request that the end of the load has cut off counts with the time that it had; of a conversation the first request stands for all. It is false where there are too few.
func (s *Sample) Growth() (Growth, bool) {
	rows := slices.DeleteFunc(slices.Clone(s.Data.Requests), func(r table.Request) bool { return r.Status != "ok" && !cut(r) || later(r) })
	if s.Cell.RateRPS == 0 || len(rows) < 2*fewestForGrowth {
		return Growth{}, false
	}
	slices.SortFunc(rows, func(a, b table.Request) int { return cmp.Compare(a.TSched, b.TSched) })
	rows = rows[len(rows)/2:]
	var due, took []float64
	for _, r := range rows {
		due = append(due, float64(r.TSched-rows[0].TSched)/1e9)
		took = append(took, float64(r.TDone-r.TSched)/1e9)
	}
	return fit(due, took)
}

// fit is the least-squares line of y over x, of which x is ascending.
func fit(x, y []float64) (Growth, bool) {
	n := float64(len(x))
	meanX, varX := moments(x)
	meanY, varY := moments(y)
	if varX == 0 {
		return Growth{}, false
	}
	var cov float64
	for i := range x {
		cov += (x[i] - meanX) * (y[i] - meanY)
	}
	cov /= n - 1
	slope := cov / varX
	residual := max(0, varY-slope*cov) * (n - 1) / (n - 2)
	return Growth{PerSecond: slope, Error: math.Sqrt(residual / varX / (n - 1)), Seconds: slope * (x[len(x)-1] - x[0]), Mean: meanY}, true
}
