// Package crewtest makes code panic in tests, at a place of its own, without a switch for it in what is
// tested: by the clock that it is given.
//
// Invariant: a clock panics once, unless it was made by Always, in the function that was named or in what that calls, and is right
// everywhere else. It is safe for concurrent use.
package crewtest

import (
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// Boom is what clocks panic with.
const Boom = "the clock of a test"

// Clock is a clock for code that is to panic.
type Clock struct {
	now      func() time.Time
	function string
	left     atomic.Int64 // readings until it panics
	always   bool         // and again from then on
}

// In returns a clock that panics when it is first read by a function whose name, as a stack shows it, ends
// so: "traffic.(*Closed).user".
func In(function string) *Clock { return After(0, function) }

// After is In for a clock that lets the function read it so many times before.
func After(readings int, function string) *Clock {
	c := &Clock{now: time.Now, function: function}
	c.left.Store(int64(readings) + 1)
	return c
}

// Always is In for a clock that panics each time.
func Always(function string) *Clock {
	c := In(function)
	c.always = true
	return c
}

// Now returns the time, or panics.
func (c *Clock) Now() time.Time {
	if (c.always || c.left.Load() > 0) && calledBy(c.function) {
		if left := c.left.Add(-1); left == 0 || c.always && left < 0 {
			panic(Boom)
		}
	}
	return c.now()
}

// Fired reports whether the clock has panicked.
func (c *Clock) Fired() bool { return c.left.Load() <= 0 }

func calledBy(function string) bool {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, function) {
			return true
		}
		if !more {
			return false
		}
	}
}
