// Package sensor turns what GPUs do into what their boards' power sensors
// report: a 1-second average, an instantaneous value and an energy counter.
//
// Invariant: a reading depends only on the spans that were added and on its
// own time, which is a whole multiple of Period; when it is asked for changes
// nothing. Within one board the average is the counter's difference over the
// second before, to the last bit.
package sensor

import (
	"math"
	"math/rand/v2"
	"time"
)

// Period is the time between two readings, Window the length of the average.
const (
	Period = 100 * time.Millisecond
	Window = time.Second

	windowTicks = int(Window / Period)

	// GainSigma is the spread of the boards' calibration: NVIDIA states ±5 %
	// for its sensors, read as two standard deviations.
	GainSigma = 0.025

	// A board's temperature follows its power with one time constant. The
	// numbers are a choice: nothing reads more than a trend from them.
	ambientC, riseC  = 30.0, 50.0
	thermalSeconds   = 20.0
	idleClockHz      = 345e6
	defaultRetention = time.Hour
)

// Config describes the boards. All of them do the same work.
type Config struct {
	GPUs         int
	Seed         uint64        // of the gains and the UUIDs
	Exact        bool          // every gain is 1
	BareWatts    float64       // before Ready
	ContextWatts float64       // after it, without work
	TDPWatts     float64       // for the temperature
	Ready        time.Duration // when the model is loaded
	MemoryBytes  int64         // in use after Ready
	SMClockHz    float64       // after Ready
	Retention    time.Duration // how long readings are kept, default 1 h
}

// Span is a stretch of time in which every board does the same.
type Span struct {
	Start, End      time.Duration
	Watts           float64
	Busy, Bandwidth float64 // shares, 0 to 1
}

// Reading is one board at one time.
type Reading struct {
	At           time.Duration
	GPU          int
	AverageWatts float64 // over the Window before At
	InstantWatts float64
	EnergyJoules float64 // since time 0
	GPUUtil      float64 // percent of the Window with kernels running
	MemUtil      float64 // percent of the Window's memory bandwidth
	MemUsedBytes int64
	TemperatureC float64
	SMClockHz    float64
}

// tick is the true state of every board at one time; the counts are cumulative.
type tick struct {
	joules, busy, bandwidth float64
	watts, celsius          float64
}

// Recorder keeps the latest readings. It is not safe for concurrent use.
type Recorder struct {
	cfg    Config
	gains  []float64
	uuids  []string
	faults []*disturbance

	spans []Span // not yet wholly behind the last tick
	ticks []tick // a ring once it is full
	next  int    // index of the next tick to take, at time next·Period
	limit int    // ticks kept
	last  tick
}

// New returns a recorder at time 0.
func New(cfg Config) *Recorder {
	if cfg.Retention <= 0 {
		cfg.Retention = defaultRetention
	}
	r := &Recorder{
		cfg:   cfg,
		limit: int(cfg.Retention/Period) + windowTicks + 1,
		last:  tick{celsius: ambientC + riseC*cfg.BareWatts/cfg.TDPWatts},
	}
	rng := rand.New(rand.NewPCG(cfg.Seed, 0x73656e736f72))
	for range cfg.GPUs {
		gain := 1 + GainSigma*rng.NormFloat64()
		if cfg.Exact {
			gain = 1
		}
		r.gains = append(r.gains, gain)
		r.uuids = append(r.uuids, uuid(rng))
	}
	return r
}

// UUIDs names the boards, by index.
func (r *Recorder) UUIDs() []string { return r.uuids }

// Add tells what the boards do in a stretch that begins no earlier than any
// time read so far and than the end of the one before. Time between spans is idle.
func (r *Recorder) Add(s Span) {
	r.sampleUntil(s.Start)
	r.spans = append(r.spans, s)
}

// Read returns the readings of the closed interval [from, to], by time and
// then by board. `now` is how far the spans are known; nothing later is read.
func (r *Recorder) Read(now, from, to time.Duration) []Reading {
	r.sampleUntil(now)
	oldest := max(0, r.next-(r.limit-windowTicks-1))
	first := max(oldest, int(math.Ceil(float64(max(0, from))/float64(Period))))
	var out []Reading
	for k := first; k < r.next && time.Duration(k)*Period <= to; k++ {
		for gpu := range r.gains {
			out = append(out, r.reading(k, gpu))
		}
	}
	return out
}

func (r *Recorder) reading(k, gpu int) Reading {
	at, t, before := time.Duration(k)*Period, r.at(k), r.at(k-windowTicks)
	gain, window := r.gains[gpu], Window.Seconds()
	out := Reading{
		At: at, GPU: gpu,
		AverageWatts: gain * (t.joules - before.joules) / window,
		InstantWatts: gain * t.watts,
		EnergyJoules: gain * t.joules,
		GPUUtil:      100 * (t.busy - before.busy) / window,
		MemUtil:      100 * (t.bandwidth - before.bandwidth) / window,
		TemperatureC: t.celsius,
		SMClockHz:    idleClockHz,
	}
	if at >= r.cfg.Ready {
		out.MemUsedBytes, out.SMClockHz = r.cfg.MemoryBytes, r.cfg.SMClockHz
	}
	return out
}

// at returns tick k. Before time 0 the boards were idle.
func (r *Recorder) at(k int) tick {
	if k < 0 {
		return tick{joules: float64(k) * Period.Seconds() * r.cfg.BareWatts}
	}
	return r.ticks[k%r.limit]
}

// sampleUntil records every tick up to and including `until`.
func (r *Recorder) sampleUntil(until time.Duration) {
	for ; time.Duration(r.next)*Period <= until; r.next++ {
		at := time.Duration(r.next) * Period
		if r.next > 0 {
			r.integrate(at-Period, at)
		}
		r.last.watts = r.wattsBefore(at)
		r.strike(at)
		r.forget(at)
		if len(r.ticks) < r.limit {
			r.ticks = append(r.ticks, r.last)
		} else {
			r.ticks[r.next%r.limit] = r.last
		}
	}
}

// forget drops the spans that lie wholly before t.
func (r *Recorder) forget(t time.Duration) {
	passed := 0
	for passed < len(r.spans) && r.spans[passed].End <= t {
		passed++
	}
	r.spans = append(r.spans[:0], r.spans[passed:]...)
}

// integrate adds the stretch [a, b] to the cumulative counts.
func (r *Recorder) integrate(a, b time.Duration) {
	before := r.last.joules
	at := a
	for _, s := range r.spans {
		start, end := max(s.Start, a), min(s.End, b)
		if start >= end {
			continue
		}
		r.idle(at, start)
		d := (end - start).Seconds()
		r.last.joules += s.Watts * d
		r.last.busy += s.Busy * d
		r.last.bandwidth += s.Bandwidth * d
		at = end
	}
	r.idle(at, b)

	target := ambientC + riseC*(r.last.joules-before)/(b-a).Seconds()/r.cfg.TDPWatts
	r.last.celsius += (target - r.last.celsius) * (1 - math.Exp(-(b-a).Seconds()/thermalSeconds))
}

// idle adds a stretch without work, on whichever side of Ready it lies.
func (r *Recorder) idle(a, b time.Duration) {
	bare := max(0, min(b, r.cfg.Ready)-a)
	r.last.joules += r.cfg.BareWatts*bare.Seconds() + r.cfg.ContextWatts*max(0, b-a-bare).Seconds()
}

// wattsBefore is the power at the end of the time before t: a reading knows
// nothing of what begins with it.
func (r *Recorder) wattsBefore(t time.Duration) float64 {
	for _, s := range r.spans {
		if s.Start < t && t <= s.End {
			return s.Watts
		}
	}
	if t <= r.cfg.Ready {
		return r.cfg.BareWatts
	}
	return r.cfg.ContextWatts
}
