package sensor_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator/sensor"
)

const forever = time.Duration(math.MaxInt64)

// disturbed is two boards under load from 3 s to 13 s, read until 20 s, with faults.
func disturbed(faults ...sensor.Fault) *sensor.Recorder {
	r := sensor.New(config(func(c *sensor.Config) { c.GPUs, c.Exact = 2, false }))
	for _, f := range faults {
		r.Disturb(f)
	}
	load(r, 3*time.Second)
	return r
}

// ours are the told rows of one board.
func ours(told []sensor.Told, gpu int) []sensor.Told {
	return slices.DeleteFunc(slices.Clone(told), func(t sensor.Told) bool { return t.GPU != gpu })
}

func TestWithoutFaultsReadingsAreToldAsTheyAre(t *testing.T) {
	r := disturbed()
	readings, told := r.Read(20*time.Second, 0, forever), r.Tell(20*time.Second, 0, forever)
	if len(told) != len(readings) || len(told) != 402 {
		t.Fatalf("%d readings, %d told", len(readings), len(told))
	}
	for i, row := range told {
		if row.Reading != readings[i] || row.UUID != r.UUIDs()[row.GPU] || row.NotAvailable || row.Torn {
			t.Fatalf("told %+v of %+v", row, readings[i])
		}
	}
}

func TestGap(t *testing.T) {
	for name, tc := range map[string]struct {
		gpu  int
		want [2]int // rows of each board
	}{"all boards": {sensor.AllGPUs, [2]int{161, 161}}, "one board": {1, [2]int{201, 161}}} {
		t.Run(name, func(t *testing.T) {
			told := disturbed(sensor.Fault{Kind: sensor.Gap, From: 5 * time.Second, To: 9 * time.Second, GPU: tc.gpu}).Tell(20*time.Second, 0, forever)
			for gpu, want := range tc.want {
				rows := ours(told, gpu)
				inGap := func(r sensor.Told) bool { return r.At >= 5*time.Second && r.At < 9*time.Second }
				if len(rows) != want || want == 161 && slices.ContainsFunc(rows, inGap) {
					t.Errorf("gpu %d has %d rows, want %d", gpu, len(rows), want)
				}
			}
		})
	}
}

func TestNotAvailable(t *testing.T) {
	r := disturbed(sensor.Fault{Kind: sensor.NotAvailable, From: 5 * time.Second, To: forever, GPU: 0})
	for _, row := range r.Tell(20*time.Second, 0, forever) {
		if want := row.GPU == 0 && row.At >= 5*time.Second; row.NotAvailable != want {
			t.Fatalf("gpu %d at %v: not available is %v", row.GPU, row.At, row.NotAvailable)
		}
	}
}

// A counter that begins anew counts on from nothing, and its differences after that are as true as before.
func TestCounterReset(t *testing.T) {
	r := disturbed(
		sensor.Fault{Kind: sensor.CounterReset, From: 6*time.Second + 50*ms, To: forever, GPU: 1},
		sensor.Fault{Kind: sensor.CounterReset, From: 8 * time.Second, To: forever, GPU: 1},
	)
	readings := r.Read(20*time.Second, 0, forever)
	base := map[int]float64{}
	for i, row := range r.Tell(20*time.Second, 0, forever) {
		if row.GPU == 1 && (row.At == 6100*ms || row.At == 8*time.Second) {
			base[1] = readings[i].EnergyJoules
		}
		if want := readings[i].EnergyJoules - base[row.GPU]; math.Abs(row.EnergyJoules-want) > 1e-6 {
			t.Fatalf("gpu %d at %v: %.3f J, want %.3f", row.GPU, row.At, row.EnergyJoules, want)
		}
	}
	if base[1] == 0 {
		t.Error("no reset")
	}
}

func TestForeignGPU(t *testing.T) {
	r := disturbed(sensor.Fault{Kind: sensor.ForeignGPU, From: 5 * time.Second, To: 6 * time.Second, GPU: sensor.AllGPUs, Devices: 6})
	seen := map[string]int{}
	for _, row := range r.Tell(20*time.Second, 0, forever) {
		seen[row.UUID]++
		if foreign := row.GPU > 1; foreign && (row.At < 5*time.Second || row.At >= 6*time.Second || math.Abs(row.AverageWatts-420) > 1e-9) {
			t.Fatalf("row %+v", row)
		}
	}
	if len(seen) != 8 || seen[r.UUIDs()[0]] != 201 || seen[r.UUIDs()[1]] != 201 {
		t.Errorf("rows by device: %v", seen)
	}
}

// Rows carry the time of the clock that is off, and are asked for by it.
func TestClockOffset(t *testing.T) {
	for _, offset := range []time.Duration{2 * time.Second, -2 * time.Second} {
		r := disturbed(sensor.Fault{Kind: sensor.ClockOffset, From: 5 * time.Second, To: forever, GPU: sensor.AllGPUs, Offset: offset})
		truth := map[time.Duration]sensor.Reading{}
		for _, reading := range r.Read(20*time.Second, 0, forever) {
			if reading.GPU == 0 {
				truth[reading.At] = reading
			}
		}
		told := ours(r.Tell(20*time.Second, 8*time.Second, 10*time.Second), 0)
		if len(told) != 21 {
			t.Fatalf("offset %v: %d rows of two seconds", offset, len(told))
		}
		for i, row := range told {
			at := 8*time.Second + time.Duration(i)*sensor.Period
			if want := truth[at-offset].EnergyJoules; row.At != at || row.EnergyJoules != want {
				t.Fatalf("offset %v: row %d at %v: %v J, want %v of the true time %v", offset, i, row.At, row.EnergyJoules, want, at-offset)
			}
		}
		if all := r.Tell(20*time.Second, 0, forever); offset < 0 && len(ours(all, 0)) != 201 {
			t.Errorf("offset %v: %d rows in all", offset, len(all))
		}
		if r.Offset(4*time.Second) != 0 || r.Offset(5*time.Second) != offset {
			t.Errorf("the clock is off by %v before and %v after", r.Offset(4*time.Second), r.Offset(5*time.Second))
		}
	}
}

func TestTornRows(t *testing.T) {
	type key struct {
		at  time.Duration
		gpu int
	}
	var got []key
	for _, row := range disturbed(sensor.Fault{Kind: sensor.TornRow, From: 4950 * ms, To: forever, GPU: sensor.AllGPUs, Rows: 3}).Tell(20*time.Second, 0, forever) {
		if row.Torn {
			got = append(got, key{row.At, row.GPU})
		}
	}
	want := []key{{5 * time.Second, 0}, {5 * time.Second, 1}, {5100 * ms, 0}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(key{})); diff != "" {
		t.Errorf("torn (-want +got):\n%s", diff)
	}
}
