package energy_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
)

func ptr(v float64) *float64 { return &v }

// steady reads a constant power of one GPU every period from first to last second.
func steady(index int32, uuid string, watts, first, last, period float64) []table.Power {
	var rows []table.Power
	for i := 0; first+float64(i)*period <= last+1e-9; i++ {
		t := first + float64(i)*period
		rows = append(rows, table.Power{
			TUnixNS: int64(math.Round(t * 1e9)), Seq: int64(i), GPUIndex: index, GPUUUID: uuid,
			PowerWatts: ptr(watts), PowerKind: "instant",
		})
	}
	return rows
}

// counted adds a counter that agrees with a constant power.
func counted(rows []table.Power) []table.Power {
	for i := range rows {
		rows[i].EnergyJoules = ptr(1000 + *rows[i].PowerWatts*float64(rows[i].TUnixNS)/1e9)
	}
	return rows
}

func without(rows []table.Power, from, to float64) []table.Power {
	var kept []table.Power
	for _, r := range rows {
		if t := float64(r.TUnixNS) / 1e9; t < from || t > to {
			kept = append(kept, r)
		}
	}
	return kept
}

func tenSeconds(devices int) energy.Query {
	return energy.Query{ToUnixNS: 10e9, Devices: devices}
}

func TestEnergyIsTheSumOfTheDevices(t *testing.T) {
	rows := append(steady(1, "GPU-b", 300, -1, 11, 0.1), steady(0, "GPU-a", 100, -1, 11, 0.25)...)
	got := energy.Estimate(rows, tenSeconds(2))
	if !got.Valid {
		t.Fatalf("invalid: %+v", got.Reasons)
	}
	if diff := cmp.Diff([]float64{4000, 400}, []float64{*got.Joules, *got.MeanWatts}, approx); diff != "" {
		t.Error(diff)
	}
	var sum float64
	for i, want := range []float64{1000, 3000} {
		d := got.Devices[i]
		sum += *d.Joules
		if int(d.Index) != i || math.Abs(*d.Joules-want) > 1e-6 || *d.MaxWatts != want/10 {
			t.Errorf("device %d: %+v", i, d)
		}
	}
	if math.Abs(sum-*got.Joules) > 1e-9 {
		t.Errorf("devices add up to %v J, the total is %v J", sum, *got.Joules)
	}
}

var approx = cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-6 })

func TestMethod(t *testing.T) {
	holed := counted(steady(0, "a", 100, -3, 13, 0.1))
	for i := range holed[50:90] {
		holed[50+i].EnergyJoules = nil
	}
	cases := []struct {
		name string
		rows []table.Power
		pad  float64
		want energy.Method
	}{
		{"a counter is best", counted(steady(0, "a", 100, -3, 13, 0.1)), 2, energy.Counter},
		{"a counter with a hole is not used", holed, 2, energy.Padded},
		{"pads if they are quiet", steady(0, "a", 100, -3, 13, 0.1), 2, energy.Padded},
		{"no pads declared", steady(0, "a", 100, -3, 13, 0.1), 0, energy.Trapezoid},
		{"pads not covered", steady(0, "a", 100, -1, 11, 0.1), 2, energy.Trapezoid},
		{"a neighbour's load in the pads", append(steady(0, "a", 100, -3, 11, 0.1), steady(0, "a", 400, 11.1, 13, 0.1)...), 2, energy.Trapezoid},
		{"one device without a counter", append(counted(steady(0, "a", 100, -3, 13, 0.1)), steady(1, "b", 100, -3, 13, 0.1)...), 0, energy.Trapezoid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			q := tenSeconds(0)
			q.PadSeconds = c.pad
			got := energy.Estimate(c.rows, q)
			if !got.Valid || got.Method != c.want {
				t.Errorf("got %q valid %v %+v, want %q", got.Method, got.Valid, got.Reasons, c.want)
			}
		})
	}
}

func TestReasons(t *testing.T) {
	whole := func() []table.Power { return steady(0, "a", 100, -3, 13, 0.1) }
	fallen := counted(whole())
	for i := range fallen[80:] {
		*fallen[80+i].EnergyJoules -= 900
	}
	clock := tenSeconds(1)
	clock.ClockErrorSeconds = 0.5
	empty := tenSeconds(1)
	empty.ToUnixNS = 0
	silent := whole()
	for i := range silent {
		silent[i].PowerWatts = nil
	}
	cases := []struct {
		name   string
		rows   []table.Power
		query  energy.Query
		want   []energy.Code
		detail string
	}{
		{"no rows", nil, tenSeconds(1), []energy.Code{energy.CodeMissing}, "no reading"},
		{"every value [N/A]", silent, tenSeconds(1), []energy.Code{energy.CodeMissing}, "no reading"},
		{"a foreign device", append(whole(), steady(7, "z", 5, -3, 13, 0.1)...), tenSeconds(1), []energy.Code{energy.CodeDevices}, "2 devices have readings, 1 were expected"},
		{"a device short", whole(), tenSeconds(2), []energy.Code{energy.CodeDevices}, "1 devices"},
		{"begins late", without(whole(), -4, 0.05), tenSeconds(1), []energy.Code{energy.CodeWindow}, "span 0.1 s to 13.0 s"},
		{"ends early", without(whole(), 9.95, 20), tenSeconds(1), []energy.Code{energy.CodeWindow}, "9.9 s of a window of 10.0 s"},
		{"a hole of 3.5 s", without(whole(), 2.05, 5.45), tenSeconds(1), []energy.Code{energy.CodeGap, energy.CodeCoverage}, "3.5 s without a reading"},
		{"holes of 0.8 s", without(without(whole(), 2.05, 2.75), 5.05, 5.75), tenSeconds(1), []energy.Code{energy.CodeCoverage}, "cover 84 %"},
		{"the same hole under a counter", without(counted(whole()), 2.05, 5.45), tenSeconds(1), []energy.Code{energy.CodeGap, energy.CodeCoverage}, "3.5 s"},
		{"clock", whole(), clock, []energy.Code{energy.CodeClock}, "agree to 0.50 s only"},
		{"counter went back", fallen, tenSeconds(1), []energy.Code{energy.CodeCounter}, "fell at 5.0 s"},
		{"no window", whole(), empty, []energy.Code{energy.CodeWindow}, "empty"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := energy.Estimate(c.rows, c.query)
			var codes []energy.Code
			for _, r := range got.Reasons {
				codes = append(codes, r.Code)
			}
			if diff := cmp.Diff(c.want, codes); diff != "" {
				t.Fatal(diff)
			}
			if !strings.Contains(got.Reasons[0].Detail, c.detail) {
				t.Errorf("detail %q does not say %q", got.Reasons[0].Detail, c.detail)
			}
			if got.Valid || got.Joules != nil || got.MeanWatts != nil || got.U95Percent != nil {
				t.Errorf("an invalid result carries numbers: %+v", got)
			}
		})
	}
}

func TestListedDevicesAloneCount(t *testing.T) {
	rows := append(steady(0, "a", 100, -1, 11, 0.1), steady(1, "other job", 700, -1, 11, 0.1)...)
	q := tenSeconds(1)
	q.UUIDs = []string{"a"}
	got := energy.Estimate(rows, q)
	if !got.Valid || math.Abs(*got.Joules-1000) > 1e-6 {
		t.Errorf("got %+v, want 1000 J of gpu a alone", got)
	}
}

func TestOrderAndRepeatsOfRowsDoNotMatter(t *testing.T) {
	rows := newWorld(1).samples("avg1s", true, 0)
	want := energy.Estimate(rows, tenSeconds(1))
	shuffled := append(append([]table.Power{}, rows[len(rows)/2:]...), rows...)
	if diff := cmp.Diff(want, energy.Estimate(shuffled, tenSeconds(1))); diff != "" {
		t.Error(diff)
	}
}

func TestMoreBoardsNarrowTheUncertainty(t *testing.T) {
	one := energy.Estimate(steady(0, "a", 100, -1, 11, 0.1), tenSeconds(1))
	four := energy.Estimate(append(append(append(steady(0, "a", 100, -1, 11, 0.1), steady(1, "b", 100, -1, 11, 0.1)...),
		steady(2, "c", 100, -1, 11, 0.1)...), steady(3, "d", 100, -1, 11, 0.1)...), tenSeconds(4))
	if math.Abs(*one.U95Percent-4.9) > 0.01 || math.Abs(*four.U95Percent-2.45) > 0.01 {
		t.Errorf("u95 of one board %.2f %%, of four %.2f %%; want 4.90 and 2.45", *one.U95Percent, *four.U95Percent)
	}
}

// risen is a GPU that idles at 120 W, draws 450 W from 0 s to 10 s and idles again, by its counter alone.
func risen(kept func(t float64) bool) []table.Power {
	var rows []table.Power
	for i := -50; i <= 150; i++ {
		at := float64(i) / 10
		if kept(at) {
			rows = append(rows, table.Power{TUnixNS: int64(i) * 1e8, GPUUUID: "GPU-1", EnergyJoules: ptr(1e6 + 120*at + 330*math.Max(0, math.Min(at, 10)))})
		}
	}
	return rows
}

// What a counter does not see near an edge, or may not have seen because a clock was set, is within what it says of itself.
func TestCounterDoubtsWhatItDoesNotSee(t *testing.T) {
	q := energy.Query{FromUnixNS: 0, ToUnixNS: 10e9, Devices: 1}
	whole := energy.Estimate(risen(func(float64) bool { return true }), q)
	for name, kept := range map[string]func(float64) bool{
		"around the first edge": func(at float64) bool { return at < -1 || at > 0.9 },
		"around the last edge":  func(at float64) bool { return at < 9.1 || at > 11 },
		"in the middle":         func(at float64) bool { return at < 5 || at > 5.8 },
	} {
		got := energy.Estimate(risen(kept), q)
		if !got.Valid || got.Method != energy.Counter {
			t.Fatalf("%s: %+v", name, got)
		}
		off := 100 * math.Abs(*got.Joules/4500-1)
		if off > *got.U95Percent || *got.U95Percent < *whole.U95Percent+0.5 {
			t.Errorf("a gap %s: off by %.2f %% of ± %.2f %%; without the gap ± %.2f %%", name, off, *got.U95Percent, *whole.U95Percent)
		}
	}
}

func TestClockThatGoesBack(t *testing.T) {
	rows := risen(func(float64) bool { return true })
	small := energy.Estimate(rows, energy.Query{ToUnixNS: 10e9, ClockStepSeconds: 0.3})
	if !small.Valid || *small.U95Percent < 6 {
		t.Errorf("0.3 s of 10 s: %+v", small)
	}
	large := energy.Estimate(rows, energy.Query{ToUnixNS: 10e9, ClockStepSeconds: 0.5, PadSeconds: 4})
	if large.Valid || large.Joules != nil || large.Reasons[0].Code != energy.CodeClock || large.Reasons[0].Detail != "the sampler's clock went back by 0.50 s between two readings" {
		t.Errorf("0.5 s: %+v", large)
	}
}
