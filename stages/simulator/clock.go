package simulator

import "time"

// clock converts between wall time and simulated time since the epoch.
type clock struct {
	now   func() time.Time
	epoch time.Time // carries the monotonic reading that all times refer to
	speed float64
}

// elapsed is the simulated time since the epoch.
func (c clock) elapsed() time.Duration { return c.at(c.now()) }

// at converts a wall time.
func (c clock) at(wall time.Time) time.Duration {
	return time.Duration(float64(wall.Sub(c.epoch)) * c.speed)
}

// wall is the wall time at which this much simulated time has passed.
func (c clock) wall(elapsed time.Duration) time.Time {
	return c.epoch.Add(time.Duration(float64(elapsed) / c.speed))
}

// unixNS is the simulated unix time after this much simulated time.
func (c clock) unixNS(elapsed time.Duration) int64 {
	return c.epoch.UnixNano() + int64(elapsed)
}
