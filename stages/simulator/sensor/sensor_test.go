package sensor_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator/sensor"
)

const ms = time.Millisecond

func config(edit func(*sensor.Config)) sensor.Config {
	cfg := sensor.Config{
		GPUs: 1, Exact: true, BareWatts: 70, ContextWatts: 120, TDPWatts: 700, MemoryBytes: 72e9, SMClockHz: 1980e6,
	}
	if edit != nil {
		edit(&cfg)
	}
	return cfg
}

// load is 10 s of 450 W in steps of 23 ms, which no reading is in step with.
func load(r *sensor.Recorder, from time.Duration) (end time.Duration) {
	at := from
	for ; at < from+10*time.Second; at += 23 * ms {
		r.Add(sensor.Span{Start: at, End: at + 23*ms, Watts: 450, Busy: .9, Bandwidth: .3})
	}
	return at
}

func TestCounterIsTheIntegralOfPower(t *testing.T) {
	r := sensor.New(config(nil))
	end := load(r, 3*time.Second)
	rows := r.Read(20*time.Second, 0, time.Hour)
	if len(rows) != 201 {
		t.Fatalf("%d readings, want 201", len(rows))
	}
	busy := (end - 3*time.Second).Seconds()
	want := 450*busy + 120*(20-busy)
	if got := rows[200].EnergyJoules; math.Abs(got-want) > 1e-6 {
		t.Errorf("counter after 20 s: %.3f J, want %.3f", got, want)
	}
	// Boxcar: the average is the counter's difference over the second before.
	for k := 10; k < len(rows); k++ {
		if want := rows[k].EnergyJoules - rows[k-10].EnergyJoules; math.Abs(rows[k].AverageWatts-want) > 1e-9 {
			t.Errorf("average at %v: %.6f W, the counter says %.6f", rows[k].At, rows[k].AverageWatts, want)
		}
	}
	for _, c := range []struct {
		at                             time.Duration
		average, instant, util, memory float64
	}{
		{2900 * ms, 120, 120, 0, 0},
		{3000 * ms, 120, 120, 0, 0},
		{3100 * ms, 153, 450, 9, 3},
		{3500 * ms, 120 + 330*.5, 450, 45, 15},
		{5000 * ms, 450, 450, 90, 30},
		{15000 * ms, 120, 120, 0, 0},
	} {
		got := rows[c.at/sensor.Period]
		for _, v := range []struct {
			name      string
			got, want float64
		}{
			{"average", got.AverageWatts, c.average},
			{"instant", got.InstantWatts, c.instant},
			{"util", got.GPUUtil, c.util},
			{"memory util", got.MemUtil, c.memory},
		} {
			if math.Abs(v.got-v.want) > 1e-6 {
				t.Errorf("at %v: %s = %.4f, want %.4f", c.at, v.name, v.got, v.want)
			}
		}
	}
}

// Readings are the same whether they are taken as the time goes by or at the end.
func TestReadingChangesNothing(t *testing.T) {
	atOnce, often := sensor.New(config(nil)), sensor.New(config(nil))
	load(atOnce, time.Second)
	var got []sensor.Reading
	for at := time.Duration(0); at < 10*time.Second; at += 250 * ms {
		got = append(got, often.Read(at, at-249*ms, at)...)
		often.Add(sensor.Span{Start: at + 10*ms, End: at + 200*ms, Watts: 450, Busy: .9})
	}
	late := sensor.New(config(nil))
	for at := time.Duration(0); at < 10*time.Second; at += 250 * ms {
		late.Add(sensor.Span{Start: at + 10*ms, End: at + 200*ms, Watts: 450, Busy: .9})
	}
	if diff := cmp.Diff(late.Read(9750*ms, 0, time.Hour), got); diff != "" {
		t.Errorf("read at the end (-) and as the time went by (+):\n%s", diff)
	}
}

func TestStartUp(t *testing.T) {
	r := sensor.New(config(func(c *sensor.Config) { c.Ready = 5 * time.Second }))
	rows := r.Read(10*time.Second, 0, time.Hour)
	for _, c := range []struct {
		at      time.Duration
		average float64
		memory  int64
		clock   float64
	}{
		{0, 70, 0, 345e6},
		{4900 * ms, 70, 0, 345e6},
		{5500 * ms, 95, 72e9, 1980e6},
		{6 * time.Second, 120, 72e9, 1980e6},
	} {
		got := rows[c.at/sensor.Period]
		if math.Abs(got.AverageWatts-c.average) > 1e-9 || got.MemUsedBytes != c.memory || got.SMClockHz != c.clock {
			t.Errorf("at %v: %+v, want average %v W, %d bytes, %v Hz", c.at, got, c.average, c.memory, c.clock)
		}
	}
}

func TestIntervalIsClosed(t *testing.T) {
	r := sensor.New(config(func(c *sensor.Config) { c.GPUs = 2 }))
	type key struct {
		at  time.Duration
		gpu int
	}
	var got []key
	for _, row := range r.Read(time.Second, 300*ms, 500*ms) {
		got = append(got, key{row.At, row.GPU})
	}
	want := []key{{300 * ms, 0}, {300 * ms, 1}, {400 * ms, 0}, {400 * ms, 1}, {500 * ms, 0}, {500 * ms, 1}}
	if !slices.Equal(got, want) {
		t.Errorf("readings %v, want %v", got, want)
	}
	if got := r.Read(time.Second, 301*ms, 399*ms); len(got) != 0 {
		t.Errorf("readings between two ticks: %v, want none", got)
	}
}

func TestRetentionBoundsTheMemory(t *testing.T) {
	full := sensor.New(config(nil))
	short := sensor.New(config(func(c *sensor.Config) { c.Retention = 2 * time.Second }))
	load(full, 0)
	load(short, 0)
	all, kept := full.Read(8*time.Second, 0, time.Hour), short.Read(8*time.Second, 0, time.Hour)
	if len(kept) != 20 {
		t.Fatalf("%d readings kept, want the 20 of two seconds", len(kept))
	}
	if diff := cmp.Diff(all[len(all)-20:], kept); diff != "" {
		t.Errorf("the kept readings differ (-all +kept):\n%s", diff)
	}
}

func TestBoardsDifferByTheirGain(t *testing.T) {
	r := sensor.New(config(func(c *sensor.Config) { c.GPUs, c.Exact, c.Seed = 1000, false, 3 }))
	var sum, squares float64
	for _, row := range r.Read(sensor.Period, sensor.Period, sensor.Period) {
		gain := row.InstantWatts / 120
		sum += gain
		squares += (gain - 1) * (gain - 1)
	}
	if mean, sigma := sum/1000, math.Sqrt(squares/1000); math.Abs(mean-1) > .003 || math.Abs(sigma-sensor.GainSigma) > .003 {
		t.Errorf("gains have mean %.4f and spread %.4f, want 1 and %.3f", mean, sigma, sensor.GainSigma)
	}
	again := sensor.New(config(func(c *sensor.Config) { c.GPUs, c.Exact, c.Seed = 1000, false, 3 }))
	if !slices.Equal(r.UUIDs(), again.UUIDs()) {
		t.Error("the same seed made other UUIDs")
	}
	if seen := slices.Compact(slices.Sorted(slices.Values(r.UUIDs()))); len(seen) != 1000 {
		t.Errorf("%d different UUIDs, want 1000", len(seen))
	}
}
