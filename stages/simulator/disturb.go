package simulator

import (
	"math"
	"strings"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator/sensor"
)

// ofPower reports whether the fault is of the power readings.
func (f Fault) ofPower() bool { return strings.HasPrefix(string(f.Kind), "power_") }

// sensorFault is a fault of the power readings that begins its after_seconds from now.
func (f Fault) sensorFault(now time.Duration) sensor.Fault {
	out := sensor.Fault{
		Kind: sensor.FaultKind(f.Kind), From: now + span(f.AfterSeconds), To: math.MaxInt64, GPU: sensor.AllGPUs,
		Devices: max(1, f.Devices), Rows: max(1, f.Count), Offset: span(f.OffsetSeconds),
	}
	if f.Seconds > 0 {
		out.To = out.From + span(f.Seconds)
	}
	if f.GPU != nil {
		out.GPU = *f.GPU
	}
	return out
}

// span turns seconds into simulated time.
func span(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
