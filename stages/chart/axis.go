package chart

import (
	"math"
	"strconv"
	"strings"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/render"
)

// scale is a linear axis: its range, its tick distance and where it lies on the
// page. Charts compute their scales themselves, because text is placed by pixel.
type scale struct {
	min, max, step float64
	from, to       float64 // pixels at min and at max
}

func (s scale) pixel(v float64) float64 {
	return s.from + (v-s.min)/(s.max-s.min)*(s.to-s.from)
}

// ticks returns the multiples of step within the range.
func (s scale) ticks() []float64 {
	var out []float64
	for i := math.Ceil(s.min/s.step - 1e-9); i*s.step <= s.max*(1+1e-12); i++ {
		out = append(out, tidy(i*s.step))
	}
	return out
}

// crowded reports that two tick labels side by side would touch.
func (s scale) crowded() bool {
	last := s.min
	for _, t := range s.ticks() {
		last = t
	}
	widest := render.TextWidth(formatTick(last), detailSize, false)
	return widest+6 > math.Abs(s.pixel(s.min+s.step)-s.pixel(s.min))
}

// formatTick writes a number as ECharts labels a tick: every digit, with commas.
func formatTick(v float64) string {
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	if fraction != "" {
		fraction = "." + fraction
	}
	return result.Group(whole) + fraction
}

// niceStep returns 1, 2 or 5 times a power of ten so that span holds at most n steps.
func niceStep(span float64, n int) float64 {
	if span <= 0 {
		return 1
	}
	raw := span / float64(n)
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, f := range []float64{1, 2, 5} {
		if raw <= f*power*(1+1e-9) {
			return tidy(f * power)
		}
	}
	return tidy(10 * power)
}

// spread returns a scale over whole steps that holds low and high with about n
// steps. It starts at zero unless that would waste more than half of it.
func spread(low, high float64, n int) scale {
	if low > high { // nothing measured
		low, high = 0, 1
	}
	if low == high || low < high/2 {
		low = 0
	}
	if high <= low {
		high = low + 1
	}
	step := niceStep(high-low, n)
	s := scale{min: tidy(math.Floor(low/step) * step), max: tidy(math.Ceil(high/step) * step), step: step}
	return s
}

// tidy rounds away what binary fractions add to a decimal tick.
func tidy(v float64) float64 {
	if v == 0 {
		return 0
	}
	digits := math.Pow(10, 12-math.Ceil(math.Log10(math.Abs(v))))
	return math.Round(v*digits) / digits
}

func round1(v float64) float64 { return math.Round(v*10) / 10 }
