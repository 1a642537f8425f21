package load

import (
	"context"
	"math"
	"runtime"
	"runtime/metrics"
	"slices"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/schemas/quantile"
	"github.com/strangeloopio/inferencex/stages/client/h1"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

const (
	tickEvery = 20 * time.Millisecond // wall time
	peakTicks = 50                    // the busiest stretch is sought among those of so many ticks
)

// machineWatch watches this process while a load runs.
type machineWatch struct {
	now      func() time.Time
	begun    time.Time
	cpu      float64
	memory   runtime.MemStats
	pauses   *metrics.Float64Histogram
	stop     context.CancelFunc
	watching crew.Crew

	ticks []float64 // seconds by which each was late
	peak  float64   // processors used in the busiest stretch
}

// watchMachine begins to watch, until ctx ends. It has to be ended; broken hears of a panic before.
func watchMachine(ctx context.Context, now func() time.Time, broken func(error)) *machineWatch {
	w := &machineWatch{now: now, begun: now(), cpu: cpuSeconds(), pauses: gcPauses()}
	w.watching.Stop = broken
	runtime.ReadMemStats(&w.memory)
	ctx, w.stop = context.WithCancel(ctx)
	w.watching.Go(func() error {
		w.watch(ctx)
		return nil
	})
	return w
}

// watch notes how late a timer fires that is due again and again: so late is whatever else is due in this process.
func (w *machineWatch) watch(ctx context.Context) {
	due, from, cpu := w.now(), w.now(), cpuSeconds()
	timer := time.NewTimer(tickEvery)
	defer timer.Stop()
	for {
		due = due.Add(tickEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		now := w.now()
		late := now.Sub(due)
		w.ticks = append(w.ticks, max(0, late.Seconds()))
		if late > tickEvery {
			due = now // what was due meanwhile was late once
		}
		if len(w.ticks)%peakTicks == 0 {
			used := cpuSeconds()
			w.peak = max(w.peak, (used-cpu)/now.Sub(from).Seconds())
			from, cpu = now, used
		}
		timer.Reset(due.Add(tickEvery).Sub(now))
	}
}

// end returns the client's side, which may be what limits a load. reads is the client's own. The error is a
// panic that ended the watch.
func (w *machineWatch) end(reads h1.Reads) (measured.Client, error) {
	w.stop()
	err := w.watching.Wait()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return measured.Client{
		OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(), CPUs: runtime.NumCPU(),
		MaxProcs: runtime.GOMAXPROCS(0), WallSeconds: w.now().Sub(w.begun).Seconds(), CPUSeconds: cpuSeconds() - w.cpu, CPUPeakProcs: w.peak,
		GCCycles: memory.NumGC - w.memory.NumGC, GCPauseSeconds: float64(memory.PauseTotalNs-w.memory.PauseTotalNs) / 1e9,
		GCPauseMaxSeconds: longest(w.pauses, gcPauses()), TickLag: ticksOf(w.ticks), Reads: reads.Count,
		ReadLag: measured.Lag{Samples: reads.Lag.Samples, P50: reads.Lag.P50.Seconds(), P99: reads.Lag.P99.Seconds(), Max: reads.Lag.Max.Seconds()},
	}, err
}

func ticksOf(ticks []float64) measured.Lag {
	slices.Sort(ticks)
	return measured.Lag{
		Samples: int64(len(ticks)),
		P50:     quantile.Lower(ticks, 50), P99: quantile.Lower(ticks, 99), Max: quantile.Lower(ticks, 100),
	}
}

// gcPauses returns the pauses of the collector since the process began, by their length in seconds.
func gcPauses() *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return &metrics.Float64Histogram{} // this Go does not tell
	}
	return sample[0].Value.Float64Histogram()
}

// longest returns the upper bound of the longest pause between two looks.
func longest(before, after *metrics.Float64Histogram) float64 {
	for i := len(after.Counts) - 1; i >= 0; i-- {
		if after.Counts[i] > before.Counts[i] {
			if bound := after.Buckets[i+1]; !math.IsInf(bound, 1) {
				return bound
			}
			return after.Buckets[i]
		}
	}
	return 0
}
