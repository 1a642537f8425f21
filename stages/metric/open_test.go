package metric_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric"
)

// queue is an open loop of n requests at a rate, by poisson, whose server works on one request at a time for service seconds on average and on
// each at least for 0.2 s.
func queue(n int, rate, service float64, seed uint64) []table.Request {
	rng := rand.New(rand.NewPCG(seed, 2))
	due, free := 0.0, 0.0
	rows := make([]table.Request, n)
	for i := range rows {
		begin := max(due, free)
		free = begin + 2*service*rng.Float64()
		end := max(free, begin+0.2)
		rows[i] = table.Request{
			Index: int64(i), User: -1, Status: "ok", TSched: ns(due), TSend: ns(due), TFirstToken: at(begin), TLastToken: at(end), TDone: ns(end),
			ISL: tokens(100), OSL: tokens(11), Chunks: 11,
		}
		due += rng.ExpFloat64() / rate
	}
	return rows
}

func openSample(rate, ramp float64, rows []table.Request) *metric.Sample {
	return metric.NewSample(stage.CellConfig{Labels: result.Labels{GPUs: 1, RateRPS: rate}, RampSeconds: ramp}, stage.GPU{}, metric.Data{Requests: rows})
}

func TestRegularityOfFewEvents(t *testing.T) {
	for name, tc := range map[string]struct {
		times                     []int64
		perSecond, cv, dispersion float64
	}{
		"none":           {nil, math.NaN(), math.NaN(), math.NaN()},
		"one":            {[]int64{5}, math.NaN(), math.NaN(), math.NaN()},
		"all at once":    {[]int64{5, 5, 5}, math.NaN(), math.NaN(), math.NaN()},
		"two":            {[]int64{0, 5e8}, 2, math.NaN(), math.NaN()},
		"out of order":   {[]int64{2e9, 0, 1e9}, 1, 0, math.NaN()},
		"gaps of 1 to 3": {[]int64{0, 1e9, 4e9}, 0.5, math.Sqrt2 / 2, math.NaN()},
	} {
		t.Run(name, func(t *testing.T) {
			got := metric.RegularityOf(tc.times)
			for _, pair := range [][2]float64{{got.PerSecond, tc.perSecond}, {got.GapCV, tc.cv}, {got.Dispersion, tc.dispersion}} {
				if math.IsNaN(pair[0]) != math.IsNaN(pair[1]) || math.Abs(pair[0]-pair[1]) > 1e-9 {
					t.Errorf("%+v, want %g/s, a CV of %g and a dispersion of %g", got, tc.perSecond, tc.cv, tc.dispersion)
					break
				}
			}
		})
	}
}

// What was sent is of open loops alone, and of requests that were sent.
func TestSendingOfALoad(t *testing.T) {
	rows := queue(400, 10, 0.01, 1)
	for i := range 40 {
		rows[10*i].Status, rows[10*i].TSend = "dropped", 0
	}
	s := openSample(10, 0, rows)
	if got := compute(t, s, "sent_rps"); math.Abs(got-9) > 1 {
		t.Errorf("%.2f/s were sent, want 9 of 10", got)
	}
	if cv := compute(t, s, "sent_gap_cv"); math.Abs(cv-1) > 0.2 {
		t.Errorf("a CV of %.2f", cv)
	}
	for _, name := range []string{"sent_rps", "sent_gap_cv", "sent_dispersion"} {
		def, _ := metric.Find(name)
		if v, ok := def.Compute(metric.NewSample(stage.CellConfig{Labels: result.Labels{Users: 8}}, stage.GPU{}, metric.Data{Requests: rows})); ok {
			t.Errorf("a closed loop has %s %g", name, v)
		}
	}
}

// The steady window of an open loop begins a mean request after its ramp and ends with its last arrival.
func TestSteadyWindowOfAnOpenLoop(t *testing.T) {
	var rows []table.Request
	for i := range 100 {
		due := 0.1 * float64(i)
		rows = append(rows, table.Request{
			Index: int64(i), Status: "ok", TSched: ns(due), TSend: ns(due), TFirstToken: at(due + 0.5), TLastToken: at(due + 1), TDone: ns(due + 1), ISL: tokens(10), OSL: tokens(5),
		})
	}
	for ramp, want := range map[float64]float64{0: 8.9, 4: 4.9} {
		s := openSample(10, ramp, rows)
		if got := compute(t, s, "steady_window_s"); math.Abs(got-want) > 1e-6 {
			t.Errorf("steady for %g s with a ramp of %g s, want %g s", got, ramp, want)
		}
		if got := compute(t, s, "steady_rps"); math.Abs(got-10) > 0.2 {
			t.Errorf("%g/s in the steady window", got)
		}
	}
	def, _ := metric.Find("steady_window_s")
	if got, ok := def.Compute(openSample(10, 9, rows)); ok {
		t.Errorf("steady for %g s, though the ramp took all but the last request", got)
	}
}

func TestGrowth(t *testing.T) {
	for name, tc := range map[string]struct {
		rate, service float64
		answered      float64 // a second
		within        float64
	}{
		"kept up with":       {10, 0.04, 10, 0.1},
		"half as many again": {15, 0.1, 10, 0.6},
		"four times as many": {40, 0.1, 10, 0.6},
	} {
		t.Run(name, func(t *testing.T) {
			g, ok := openSample(tc.rate, 0, queue(2000, tc.rate, tc.service, 5)).Growth()
			if got := g.AnsweredRPS(tc.rate); !ok || math.Abs(got-tc.answered) > tc.within {
				t.Errorf("%.2f/s are answered (%+v), want %g", got, g, tc.answered)
			}
		})
	}
	for name, s := range map[string]*metric.Sample{
		"too few":     openSample(10, 0, queue(31, 10, 0.1, 1)),
		"all at once": openSample(10, 0, queue(100, math.Inf(1), 0.1, 1)),
		"closed loop": metric.NewSample(stage.CellConfig{Labels: result.Labels{Users: 8}}, stage.GPU{}, metric.Data{Requests: queue(100, 10, 0.1, 1)}),
	} {
		if g, ok := s.Growth(); ok {
			t.Errorf("%s: %+v", name, g)
		}
	}
}
