package simulator

import (
	"syscall"
	"time"
)

// sleepShort sleeps for less than a couple of milliseconds, to within a tenth
// of one. The runtime's own timers wait in whole milliseconds when nothing
// else goes on, which at a high speed is as long as a step.
func sleepShort(d time.Duration) {
	if d <= 0 {
		return
	}
	ts := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&ts, nil) // a signal ends it early, and the caller looks at the clock
}
