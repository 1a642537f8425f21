package sensor

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// FaultKind says what goes wrong between the boards and whoever reads them.
type FaultKind string

// The kinds.
const (
	Gap          FaultKind = "power_gap"           // no rows
	NotAvailable FaultKind = "power_na"            // rows without power and counter
	CounterReset FaultKind = "power_counter_reset" // the counter begins anew
	ForeignGPU   FaultKind = "power_foreign_gpu"   // rows of boards that are another's
	ClockOffset  FaultKind = "power_clock"         // the sampled host's clock is off
	TornRow      FaultKind = "power_torn_row"      // rows that break off
)

// Fault is one thing that goes wrong, from one time on.
type Fault struct {
	Kind     FaultKind
	From, To time.Duration // To is after the last reading it concerns; a reset and torn rows have none
	GPU      int           // the board it concerns, or AllGPUs
	Devices  int           // foreign boards
	Offset   time.Duration // of the clock
	Rows     int           // torn ones
}

// AllGPUs is a fault of every board.
const AllGPUs = -1

// Told is a reading as the outside gets it. At is what the sampled host's clock said.
type Told struct {
	Reading
	UUID         string
	NotAvailable bool // power and counter are [N/A]
	Torn         bool // the row breaks off in the middle
}

// foreignShare of the TDP is what another's boards draw: enough for their watts to be missed or found.
const foreignShare = 0.6

// disturbance is a fault in a recorder.
type disturbance struct {
	Fault
	joules float64 // the true counter at the time of a reset
	struck bool
}

// Disturb has a fault come over the readings. It begins no earlier than any time read so far.
func (r *Recorder) Disturb(f Fault) { r.faults = append(r.faults, &disturbance{Fault: f}) }

// Tell returns what is told in the closed interval [from, to] of the sampled host's clock, in the order in which it is told: by true time and
// then by board. Nothing later than now is told.
func (r *Recorder) Tell(now, from, to time.Duration) []Told {
	first, last := from, to
	for _, f := range r.faults { // the clocks differ by no more than this
		first = min(first, from-f.Offset)
		last = max(last, to-max(f.Offset, to-math.MaxInt64)) // without overflow
	}
	var told []Told
	readings := r.Read(now, first, last)
	for i, reading := range readings {
		told = r.tell(told, reading)
		if i+1 == len(readings) || readings[i+1].At != reading.At {
			told = r.tellForeign(told, reading.At)
		}
	}
	kept := told[:0]
	for _, t := range told {
		if t.At += r.Offset(t.At); t.At >= from && t.At <= to {
			kept = append(kept, t)
		}
	}
	return kept
}

// Snapshot returns what the boards show at a true time: their latest reading, as faults leave it, at the time that the sampled host's clock says. A row
// is torn if one would have been since the time of the snapshot before.
func (r *Recorder) Snapshot(before, at time.Duration) []Told {
	latest := at / Period * Period
	var told []Told
	for _, reading := range r.Read(at, latest, latest) {
		told = r.tell(told, reading)
	}
	told = r.tellForeign(told, latest)
	for i := range told {
		told[i].Torn = told[i].Torn && latest > before
		told[i].At = at + r.Offset(at)
	}
	if missed := roundUp(before + 1); missed < latest {
		for _, t := range r.Tell(at, missed, latest-1) {
			if i := slices.IndexFunc(told, func(now Told) bool { return now.GPU == t.GPU }); i >= 0 {
				told[i].Torn = told[i].Torn || t.Torn
			}
		}
	}
	return told
}

// Offset is by how much the sampled host's clock is ahead at a true time.
func (r *Recorder) Offset(at time.Duration) time.Duration {
	var sum time.Duration
	for _, f := range r.faults {
		if f.Kind == ClockOffset && f.covers(at, AllGPUs) {
			sum += f.Offset
		}
	}
	return sum
}

// covers reports whether the fault concerns a board's reading at a time.
func (d *disturbance) covers(at time.Duration, gpu int) bool {
	return at >= d.From && at < d.To && (d.GPU == AllGPUs || gpu == AllGPUs || d.GPU == gpu)
}

// tell appends a reading of a board of ours as faults leave it.
func (r *Recorder) tell(told []Told, reading Reading) []Told {
	t := Told{Reading: reading, UUID: r.uuids[reading.GPU]}
	counted := 0.0 // before the latest reset
	for _, f := range r.faults {
		switch f.Kind {
		case Gap:
			if f.covers(reading.At, reading.GPU) {
				return told
			}
		case NotAvailable:
			t.NotAvailable = t.NotAvailable || f.covers(reading.At, reading.GPU)
		case CounterReset:
			if f.struck && f.covers(reading.At, reading.GPU) {
				counted = f.joules
			}
		case TornRow:
			// Rows are told board by board: so many of them from the first one on.
			row := int((reading.At-roundUp(f.From))/Period)*len(r.gains) + reading.GPU
			t.Torn = t.Torn || reading.At >= f.From && row < f.Rows
		}
	}
	t.EnergyJoules -= r.gains[reading.GPU] * counted
	return append(told, t)
}

// tellForeign appends the readings of another's boards at a time.
func (r *Recorder) tellForeign(told []Told, at time.Duration) []Told {
	index := len(r.gains)
	for _, f := range r.faults {
		if f.Kind != ForeignGPU {
			continue
		}
		for i := range f.Devices {
			if f.covers(at, AllGPUs) {
				watts := foreignShare * r.cfg.TDPWatts
				told = append(told, Told{UUID: r.foreignUUID(index + i), Reading: Reading{
					At: at, GPU: index + i, AverageWatts: watts, InstantWatts: watts, EnergyJoules: watts * at.Seconds(),
					GPUUtil: 100, MemUtil: 50, MemUsedBytes: r.cfg.MemoryBytes, TemperatureC: ambientC + foreignShare*riseC, SMClockHz: r.cfg.SMClockHz,
				}})
			}
		}
		index += f.Devices
	}
	return told
}

func (r *Recorder) foreignUUID(index int) string {
	return uuid(rand.New(rand.NewPCG(r.cfg.Seed, 0x666f726569676e+uint64(index))))
}

// uuid draws a board's name.
func uuid(rng *rand.Rand) string {
	a, b := rng.Uint64(), rng.Uint64()
	return fmt.Sprintf("GPU-%08x-%04x-4%03x-8%03x-%012x", uint32(a>>32), uint16(a>>16), a&0xfff, b>>52, b&0xffffffffffff)
}

// strike notes the counter of the tick at a time for the resets that are due.
func (r *Recorder) strike(at time.Duration) {
	for _, f := range r.faults {
		if f.Kind == CounterReset && !f.struck && at >= f.From {
			f.joules, f.struck = r.last.joules, true
		}
	}
}

// roundUp is the first reading at or after a time.
func roundUp(at time.Duration) time.Duration { return (at + Period - 1) / Period * Period }
