// Package energy turns power readings into the energy of a window.
//
// Its invariant: a result is either valid and complete (every device was measured over the whole window), or it carries
// reason codes and no number at all.
//
//  1. The readings are split by device. Devices that are not the deployment's are left out; a number of devices other
//     than expected makes the window invalid.
//  2. The best estimator that all devices allow is chosen, in this order:
//     counter, the difference of the cumulative energy counter, interpolated at the window's edges;
//     padded, the integral of power over the window and a pad on either side, less the idle power of the pads: the
//     sensor's averaging and a small clock error cancel out, but the GPUs must have been idle in the pads;
//     trapezoid, the integral of power over the window alone, 1-s averages moved back by half a second.
//  3. Gaps, coverage, edges and clocks are held against the limits of that estimator. What exceeds one is a reason.
//  4. Each device is integrated by itself, with its error, and the devices are summed. Errors of clock and workload are
//     common to all devices and add up; those of the sensors are independent and average out.
//
// Readings are never pooled, resampled or filtered by utilisation: the mean of a filtered log is several percent off,
// with a spread as large (see TestBias).
package energy

import (
	"fmt"
	"math"
	"time"

	"github.com/strangeloopio/inferencex/schemas/table"
)

// Query says over which window the energy is wanted and what is known of the readings.
type Query struct {
	FromUnixNS int64    `json:"from_unix_ns"`
	ToUnixNS   int64    `json:"to_unix_ns"`
	Devices    int      `json:"devices,omitempty"` // GPUs expected; 0: any number
	UUIDs      []string `json:"uuids,omitempty"`   // the GPUs that count, as listed beside the server; empty: all in the rows
	// PadSeconds is how far around the window the GPUs were left alone; 0: not at all. The padded estimator rests on it.
	PadSeconds float64 `json:"pad_seconds,omitempty"`
	// PeriodSeconds is the sampler's nominal period; 0: the median of the gaps.
	PeriodSeconds float64 `json:"period_seconds,omitempty"`
	// ClockErrorSeconds bounds |sampler's clock − client's clock|.
	ClockErrorSeconds float64 `json:"clock_error_seconds,omitempty"`
	// ClockStepSeconds is how far the sampler's clock went back between two readings. Pads do not absorb that: the time is there twice.
	ClockStepSeconds float64 `json:"clock_step_seconds,omitempty"`
}

// Method names an estimator.
type Method string

// The estimators, in the order of preference.
const (
	Counter   Method = "counter"
	Padded    Method = "padded"
	Trapezoid Method = "trapezoid"
)

// Code is a reason why there is no energy.
type Code string

// The reason codes.
const (
	CodeMissing  Code = "power_missing"  // no readings
	CodeDevices  Code = "power_devices"  // other devices than expected
	CodeWindow   Code = "power_window"   // readings do not reach both ends of the window
	CodeGap      Code = "power_gap"      // a gap above max(3 s, 3 × period)
	CodeCoverage Code = "power_coverage" // less than 0.9 of the window lies between neighbouring readings
	CodeClock    Code = "power_clock"    // clock error above 0.4 s and no pads to absorb it, or a clock that went back as far
	CodeCounter  Code = "power_counter"  // the energy counter went back
)

// Codes returns all reason codes, in the order in which they are reported.
func Codes() []Code {
	return []Code{CodeMissing, CodeDevices, CodeWindow, CodeGap, CodeCoverage, CodeClock, CodeCounter}
}

// Reason is a code with what was found.
type Reason struct {
	Code   Code   `json:"code"`
	Detail string `json:"detail"`
}

// Result is the energy of a window. The pointers are nil where Valid is false.
type Result struct {
	Valid      bool     `json:"valid"`
	Reasons    []Reason `json:"reasons,omitempty"`
	Method     Method   `json:"method,omitempty"`
	Joules     *float64 `json:"energy_j"`    // all devices
	MeanWatts  *float64 `json:"power_w"`     // all devices: Joules over the window's length
	U95Percent *float64 `json:"u95_percent"` // half-width of the 95 % interval of Joules
	Devices    []Device `json:"devices,omitempty"`
}

// Device is what was read of one GPU in the window.
type Device struct {
	Index         int32    `json:"index"`
	UUID          string   `json:"uuid,omitempty"`
	Readings      int      `json:"readings"`
	MaxGapSeconds float64  `json:"max_gap_seconds"`
	Coverage      float64  `json:"coverage"` // share of the window between readings at most 3 periods apart
	Joules        *float64 `json:"energy_j"`
	MeanWatts     *float64 `json:"power_w"`
	MaxWatts      *float64 `json:"max_power_w"` // highest reading
}

const (
	averagingSeconds  = 1.0 // power.draw.average, and power.draw on Ampere and later
	minGapSeconds     = 3.0
	gapPeriods        = 3
	minCoverage       = 0.9
	maxClockSeconds   = 0.4
	sensorUncertainty = 0.025 // one sigma of one board's sensor, relative
	coverage95        = 1.96
)

// Estimate returns the energy of the rows' devices in the query's window. Rows may be in any order and reach beyond the window; they
// should, by the pad.
func Estimate(rows []table.Power, q Query) Result {
	length := seconds(q.ToUnixNS - q.FromUnixNS)
	if length <= 0 {
		return invalid(nil, Reason{CodeWindow, "the window is empty"})
	}
	all := split(rows, q)
	if len(all) == 0 {
		return invalid(nil, Reason{CodeMissing, "no reading of any device"})
	}
	if q.Devices > 0 && len(all) != q.Devices {
		return invalid(describe(all, length), Reason{CodeDevices, fmt.Sprintf("%d devices have readings, %d were expected", len(all), q.Devices)})
	}
	if q.ClockStepSeconds > maxClockSeconds {
		return invalid(describe(all, length), Reason{CodeClock, fmt.Sprintf("the sampler's clock went back by %.2f s between two readings", q.ClockStepSeconds)})
	}
	method, reasons := choose(all, q, length)
	if len(reasons) > 0 {
		return invalid(describe(all, length), reasons...)
	}
	return sum(all, q, method, length)
}

// choose returns the best method that every device allows, or why there is none.
func choose(all []series, q Query, length float64) (Method, []Reason) {
	var counterReasons []Reason
	if every(all, func(s series) bool { return len(s.counter) > 1 }) {
		for _, s := range all {
			if t, fell := s.counterFell(); fell {
				return "", []Reason{{CodeCounter, fmt.Sprintf("%s: the energy counter fell at %.1f s of the window", s.name(), t)}}
			}
		}
		counterReasons = clocked(problems(all, length, func(s series) []point { return s.counter }), q)
		if len(counterReasons) == 0 {
			return Counter, nil
		}
	}
	if every(all, func(s series) bool { return s.paddable(q, length) }) {
		return Padded, nil
	}
	if counterReasons != nil && !every(all, func(s series) bool { return len(s.power) > 0 }) {
		return "", counterReasons
	}
	return Trapezoid, clocked(problems(all, length, series.aligned), q)
}

// clocked adds the clock's reason to those of an estimator that has no pads.
func clocked(reasons []Reason, q Query) []Reason {
	if q.ClockErrorSeconds > maxClockSeconds {
		detail := fmt.Sprintf("the clocks agree to %.2f s only and no idle pads absorb it", q.ClockErrorSeconds)
		reasons = append(reasons, Reason{CodeClock, detail})
	}
	return reasons
}

// problems checks one track of every device against the rules of validity: at most one reason a code, that of the first device.
func problems(all []series, length float64, track func(series) []point) []Reason {
	found := map[Code]string{}
	note := func(c Code, s series, format string, args ...any) {
		if _, known := found[c]; !known {
			found[c] = s.name() + ": " + fmt.Sprintf(format, args...)
		}
	}
	for _, s := range all {
		points := track(s)
		if len(points) == 0 {
			note(CodeMissing, s, "no reading has a value")
			continue
		}
		if points[0].t > 0 || points[len(points)-1].t < length {
			note(CodeWindow, s, "readings span %.1f s to %.1f s of a window of %.1f s", points[0].t, points[len(points)-1].t, length)
		}
		gap, covered := gaps(points, s.period, 0, length)
		if limit := math.Max(minGapSeconds, gapPeriods*s.period); gap > limit {
			note(CodeGap, s, "%.1f s without a reading, more than %.1f s", gap, limit)
		}
		if covered < minCoverage {
			note(CodeCoverage, s, "readings cover %.0f %% of the window", 100*covered)
		}
	}
	var reasons []Reason
	for _, c := range Codes() {
		if detail, ok := found[c]; ok {
			reasons = append(reasons, Reason{c, detail})
		}
	}
	return reasons
}

// sum integrates each device by the method and adds them up.
func sum(all []series, q Query, method Method, length float64) Result {
	devices := describe(all, length)
	var joules, doubt float64
	for i, s := range all {
		e := s.integrate(method, q, length)
		joules += e.joules
		doubt += math.Hypot(e.doubt, q.ClockStepSeconds*e.joules/length) // one clock and one workload: the devices' errors add up, they do not average out
		mean := e.joules / length
		devices[i].Joules, devices[i].MeanWatts = &e.joules, &mean
		devices[i].MaxWatts = s.peak(length)
	}
	mean := joules / length
	u := math.Hypot(sensorUncertainty/math.Sqrt(float64(len(all))), doubt/math.Max(joules, 1))
	u95 := 100 * coverage95 * u
	return Result{Valid: true, Method: method, Joules: &joules, MeanWatts: &mean, U95Percent: &u95, Devices: devices}
}

func describe(all []series, length float64) []Device {
	devices := make([]Device, len(all))
	for i, s := range all {
		track := s.power
		if len(track) == 0 {
			track = s.counter
		}
		gap, covered := gaps(track, s.period, 0, length)
		devices[i] = Device{Index: s.index, UUID: s.uuid, MaxGapSeconds: gap, Coverage: covered}
		for _, p := range track {
			if p.t >= 0 && p.t <= length {
				devices[i].Readings++
			}
		}
	}
	return devices
}

func invalid(devices []Device, reasons ...Reason) Result {
	return Result{Reasons: reasons, Devices: devices}
}

func every(all []series, ok func(series) bool) bool {
	for _, s := range all {
		if !ok(s) {
			return false
		}
	}
	return true
}

func seconds(ns int64) float64 { return time.Duration(ns).Seconds() }
