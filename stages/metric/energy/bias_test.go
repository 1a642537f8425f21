package energy_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
)

// world is a GPU that idles, is loaded for a while and idles again, and a sensor that reads it as nvidia-smi does.
type world struct {
	idle, load float64 // W
	length     float64 // s of load, from time zero
	rng        *rand.Rand
}

func newWorld(trial uint64) *world {
	return &world{idle: 120, load: 450, length: 10, rng: rand.New(rand.NewPCG(7, trial))}
}

// joules is the energy from the beginning of time to t, so that the true energy of any span is a difference.
func (w *world) joules(t float64) float64 {
	return w.idle*t + (w.load-w.idle)*w.busy(t)
}

// busy is the time under load until t.
func (w *world) busy(t float64) float64 { return math.Max(0, math.Min(t, w.length)) }

// truth is the energy of the window [0, length].
func (w *world) truth() float64 { return w.joules(w.length) - w.joules(0) }

// samples reads the sensor about every 100 ms. The sensor refreshes its 1-s average and its counter every 100 ms, in a phase of its own; the
// sampler's clock is clockOff seconds ahead.
func (w *world) samples(kind string, counter bool, clockOff float64) []table.Power {
	const pad = 5.0
	phase := w.rng.Float64() * 0.1
	var rows []table.Power
	start := -pad - w.rng.Float64()*0.1
	for i := 0; i <= int((w.length+2*pad)/0.1); i++ {
		t := start + 0.1*float64(i) + w.rng.NormFloat64()*0.01
		fresh := math.Floor((t-phase)/0.1)*0.1 + phase
		watts := w.joules(fresh) - w.joules(fresh-1)
		row := table.Power{TUnixNS: int64((t + clockOff) * 1e9), GPUUUID: "GPU-1", PowerWatts: &watts, PowerKind: kind}
		if counter {
			j := w.joules(fresh) + 1e6
			row.EnergyJoules = &j
		}
		rows = append(rows, row)
	}
	return rows
}

// seedMean is the seed's way: a reading a second, the mean of those with utilisation above 5 %, times the length.
func (w *world) seedMean() float64 {
	var sum, n float64
	for t := -5 + w.rng.Float64(); t < w.length+5; t += 1 + w.rng.Float64()*0.1 {
		if util := w.busy(t) - w.busy(t-1); util > 0.05 {
			sum += w.joules(t) - w.joules(t-1)
			n++
		}
	}
	return sum / n * w.length
}

// TestBias is the acceptance test of the estimators: 450 W over 120 W idle in a cell of 10 s.
func TestBias(t *testing.T) {
	estimate := func(kind string, counter bool, clockOff, pad float64, want energy.Method) func(*world) float64 {
		return func(w *world) float64 {
			q := energy.Query{ToUnixNS: int64(w.length * 1e9), Devices: 1, PadSeconds: pad, ClockErrorSeconds: math.Min(0.4, math.Abs(clockOff))}
			if pad > 0 {
				q.ClockErrorSeconds = math.Abs(clockOff)
			}
			got := energy.Estimate(w.samples(kind, counter, clockOff), q)
			if !got.Valid || got.Method != want {
				t.Fatalf("method %s, valid %v: %+v", got.Method, got.Valid, got.Reasons)
			}
			return *got.Joules
		}
	}
	cases := []struct {
		name       string
		joules     func(*world) float64
		bias, with float64 // expected bias and its tolerance, percent
		spread     float64 // upper bound of the spread, percent
	}{
		{"seed: mean of the readings above 5 % utilisation", (*world).seedMean, -6.6, 1.0, 6},
		{"trapezoid, sensor of unknown kind", estimate("unknown", false, 0, 0, energy.Trapezoid), -4.3, 0.3, 0.6},
		{"trapezoid, 1-s average moved back", estimate("avg1s", false, 0, 0, energy.Trapezoid), -1.9, 0.3, 0.6},
		{"trapezoid, unknown kind, clock 1 s ahead", estimate("unknown", false, 1, 0, energy.Trapezoid), -10.8, 0.7, 0.6},
		{"padded", estimate("avg1s", false, 0, 3, energy.Padded), 0, 0.1, 0.1},
		{"padded, clock 1 s ahead", estimate("avg1s", false, 1, 3, energy.Padded), 0, 0.1, 0.1},
		{"counter", estimate("avg1s", true, 0, 3, energy.Counter), -0.3, 0.2, 0.5},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var errors []float64
			for trial := range uint64(400) {
				w := newWorld(trial)
				errors = append(errors, 100*(c.joules(w)/w.truth()-1))
			}
			bias, spread := meanAndSpread(errors)
			t.Logf("%-50s %+6.2f ± %.2f %%", c.name, bias, spread)
			if math.Abs(bias-c.bias) > c.with || spread > c.spread {
				t.Errorf("bias %+.2f ± %.2f %%, want %+.2f within %.2f and a spread of at most %.2f", bias, spread, c.bias, c.with, c.spread)
			}
		})
	}
}

// TestU95HoldsTheTruth checks the stated uncertainty where there is no sensor gain: the estimate must be within it.
func TestU95HoldsTheTruth(t *testing.T) {
	for _, kind := range []string{"avg1s", "unknown"} {
		for trial := range uint64(100) {
			w := newWorld(trial)
			got := energy.Estimate(w.samples(kind, false, 0), energy.Query{ToUnixNS: int64(w.length * 1e9)})
			if off := 100 * math.Abs(*got.Joules/w.truth()-1); off > *got.U95Percent {
				t.Fatalf("%s, trial %d: off by %.2f %%, u95 is %.2f %%", kind, trial, off, *got.U95Percent)
			}
		}
	}
}

func meanAndSpread(values []float64) (mean, sigma float64) {
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		sigma += (v - mean) * (v - mean) / float64(len(values)-1)
	}
	return mean, math.Sqrt(sigma)
}
