package result

import (
	"fmt"
	"math"
	"strconv"
)

// Point is a cell over all of its trials: what a table row or a mark on a chart stands for.
type Point struct {
	Labels        // of the first trial; Trial, Cell and Address are its own
	Trials []Cell // in order
	// Stats are the metrics over the trials that were measured, by name.
	Stats map[string]Stat
}

// Stat sums up a metric over the trials that have it.
type Stat struct {
	N              int
	Mean, Min, Max float64
}

// HalfRange is half of what lies between the lowest and the highest trial: the spread that tables print after ±.
func (s Stat) HalfRange() float64 { return (s.Max - s.Min) / 2 }

// Total is the sum of a count over the trials.
func (s Stat) Total() int { return int(s.Mean*float64(s.N) + 0.5) }

// Stat returns a metric over the trials, or false where none has it.
func (p Point) Stat(metric string) (Stat, bool) {
	s, ok := p.Stats[metric]
	return s, ok
}

// Count returns how many trials have a status.
func (p Point) Count(status string) int {
	n := 0
	for _, c := range p.Trials {
		if c.Status == status {
			n++
		}
	}
	return n
}

// Status is what became of the point: ok if any of its trials was measured, missing if nobody tried one, else failed.
func (p Point) Status() string {
	switch {
	case p.Count(StatusOK) > 0:
		return StatusOK
	case p.Count(StatusMissing) == len(p.Trials):
		return StatusMissing
	default:
		return StatusFailed
	}
}

// Unmeasured says in words why the point has no numbers; "" where it has some.
func (p Point) Unmeasured() string {
	switch p.Status() {
	case StatusFailed:
		return "failed"
	case StatusMissing:
		return "not measured"
	default:
		return ""
	}
}

// Validity is that of the worst trial.
func (p Point) Validity() string {
	verdict := Valid
	for _, c := range p.Trials {
		if c.Validity == Invalid || verdict == Valid {
			verdict = c.Validity
		}
	}
	return verdict
}

// MissedNotes say by how much the trials miss the suite's objectives, and of several trials which one does.
func (p Point) MissedNotes() []string {
	var notes []string
	for _, c := range p.Trials {
		for _, note := range c.SLONotes {
			if len(p.Trials) > 1 {
				note += fmt.Sprintf(" (trial %d)", c.Trial)
			}
			notes = append(notes, note)
		}
	}
	return notes
}

// Points merges the cells that differ in their trial alone, in the order of the first of each.
func Points(cells []Cell) []Point {
	var points []Point
	at := map[Labels]int{}
	for _, c := range cells {
		key := c.Labels
		key.Cell, key.Address, key.Trial = "", "", 0
		i, known := at[key]
		if !known {
			i = len(points)
			at[key] = i
			points = append(points, Point{Labels: c.Labels, Stats: map[string]Stat{}})
		}
		points[i].add(c)
	}
	return points
}

func (p *Point) add(c Cell) {
	p.Trials = append(p.Trials, c)
	if c.Status != StatusOK {
		return
	}
	addTo(p.Stats, c.Metrics)
}

// addTo takes a trial's metrics into those of all.
func addTo(stats map[string]Stat, metrics map[string]float64) {
	for name, v := range metrics {
		s, known := stats[name]
		if !known {
			s.Min, s.Max = math.Inf(1), math.Inf(-1)
		}
		s.Mean = Round(s.Mean + (v-s.Mean)/float64(s.N+1))
		s.Min, s.Max, s.N = min(s.Min, v), max(s.Max, v), s.N+1
		stats[name] = s
	}
}

// Round keeps twelve digits that count: more than any clock has, and few enough that sums come out the same on every machine.
func Round(v float64) float64 {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 12, 64), 64)
	return rounded
}
