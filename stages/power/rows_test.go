package power_test

import (
	"math"
	"testing"

	"github.com/strangeloopio/inferencex/stages/power"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

// TestEveryValueOfTheSimulatorIsTakenOver protects the names of a reading, which the simulated server writes
// by one struct and this stage, which knows no server, reads by another: each value of each reading is that
// of the sensor.
func TestEveryValueOfTheSimulatorIsTakenOver(t *testing.T) {
	b := newBench(t, 40)
	from, to := b.load(t)
	task := newTask(t, b.at, b.gpus, `{}`, from, to)
	if err := power.New(power.Config{}).Run(t.Context(), simtest.Env(), task); err != nil {
		t.Fatal(err)
	}
	type at struct {
		ns  int64
		gpu int32
	}
	_, rows := results(t, task)
	truth := map[at]simulator.PowerRow{}
	for _, row := range b.TruePower(rows[0].TUnixNS, rows[len(rows)-1].TUnixNS) {
		truth[at{row.TUnixNS, int32(row.GPUIndex)}] = row
	}
	busy := false
	for _, row := range rows {
		want, ok := truth[at{row.TUnixNS, row.GPUIndex}]
		if !ok || row.GPUUUID != want.GPUUUID || row.MemUsedBytes == nil ||
			*row.MemUsedBytes != want.MemUsedBytes {
			t.Fatalf("read %+v, the sensor had %+v", row, want)
		}
		for name, v := range map[string]struct {
			got  *float64
			want float64
		}{
			"power_avg_w":     {row.PowerWatts, want.PowerAvgW},
			"power_instant_w": {row.InstantWatts, want.PowerInstantW},
			"energy_j":        {row.EnergyJoules, want.EnergyJ}, "temp_c": {row.TempC, want.TempC},
			"gpu_util": {row.GPUUtil, want.GPUUtil / 100}, "mem_util": {row.MemUtil, want.MemUtil / 100},
			"sm_clock_hz": {row.SMClockHz, want.SMClockHz},
		} {
			if v.got == nil || math.Abs(*v.got-v.want) > 1e-9*math.Abs(v.want) {
				t.Fatalf("%s at %d: read %v, the sensor had %v", name, row.TUnixNS, v.got, v.want)
			}
		}
		busy = busy || want.GPUUtil > 0 && want.MemUtil > 0
	}
	if len(rows) < 2*80 || !busy {
		t.Errorf("%d readings of a load of about 9 s on two GPUs, busy: %v", len(rows), busy)
	}
}
