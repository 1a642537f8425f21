package stage

import (
	"context"
	"errors"
	"fmt"

	"github.com/strangeloopio/inferencex/pipeline/crew"
)

// ErrorClass says what the pipeline may do about an error.
type ErrorClass string

// The classes of error. Only transient errors are tried again.
const (
	Transient ErrorClass = "transient" // may pass by itself
	Permanent ErrorClass = "permanent" // will come again
	Canceled  ErrorClass = "canceled"  // the user or a deadline of the run ended it
	Quota     ErrorClass = "quota"     // the provider has no room for it now
)

type classed struct {
	class  ErrorClass
	reason string
	err    error
}

func (e *classed) Error() string { return e.err.Error() }
func (e *classed) Unwrap() error { return e.err }

// Fail marks err with a class and a reason code (a lower-case word such as kv_cache_too_small) that tables can carry.
func Fail(class ErrorClass, reason string, err error) error {
	if err == nil {
		return nil
	}
	return &classed{class, reason, err}
}

// Failf is Fail over fmt.Errorf.
func Failf(class ErrorClass, reason, format string, args ...any) error {
	return Fail(class, reason, fmt.Errorf(format, args...))
}

// Reason codes that more than one package gives or asks for.
const (
	// ReasonPanic is that of a bug in this program that panicked.
	ReasonPanic = "panic"
	// ReasonEndpointGone is that of a step whose deployment cannot answer any more.
	ReasonEndpointGone = "endpoint_gone"
	// What Live.Alive may say: the server has ended, or refuses connections; it says itself that it is not
	// well; no connection to it comes about, for whatever reason on the way.
	ReasonServerEnded = "server_ended"
	ReasonEngineDead  = "engine_dead"
	ReasonUnreachable = "unreachable"
)

// ClassOf returns the class that Fail gave to err or to what it wraps. A panic is permanent, whatever class
// its consequences were given. Cancellation is told by itself; everything else is permanent.
func ClassOf(err error) ErrorClass {
	var c *classed
	switch {
	case crew.PanicIn(err) != nil:
		return Permanent
	case errors.As(err, &c):
		return c.class
	case errors.Is(err, context.Canceled):
		return Canceled
	default:
		return Permanent
	}
}

// ReasonOf returns the reason code that Fail gave to err, or "error". A panic has its own, whatever reason
// its consequences were given.
func ReasonOf(err error) string {
	var c *classed
	switch {
	case crew.PanicIn(err) != nil:
		return ReasonPanic
	case errors.As(err, &c) && c.reason != "":
		return c.reason
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	default:
		return "error"
	}
}
