//go:build !linux

package simulator

import "time"

// sleepShort sleeps for less than a couple of milliseconds.
func sleepShort(d time.Duration) { time.Sleep(d) }
