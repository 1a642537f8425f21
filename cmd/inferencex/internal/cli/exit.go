package cli

import (
	"errors"
	"fmt"
)

// Exit codes. Scripts rely on them: they are stable, and README.md lists them.
const (
	ExitOK          = 0   // every cell is valid, or the command did what it was asked
	ExitError       = 1   // the program or its surroundings failed: a panic, a full disk, a port in use
	ExitChanges     = 2   // plan -detailed-exitcode: there is something to do
	ExitConfig      = 3   // the suite or the command line is wrong; nothing was begun
	ExitCells       = 4   // a cell failed or is invalid
	ExitObjectives  = 5   // a cell misses an objective of its slo block
	ExitTimeout     = 6   // run -timeout: the run's time was over; what is sealed was reported and stays
	ExitAlive       = 7   // resources may still be running; their ids were printed
	ExitInterrupted = 130 // ^C or SIGTERM; everything was torn down and what is sealed stays
)

// exitError ends the program with a code. Its text, if it has one, is printed.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}
func (e *exitError) Unwrap() error { return e.err }

// exit returns an error that ends the program with code.
func exit(code int, format string, args ...any) error {
	return &exitError{code, fmt.Errorf(format, args...)}
}

// silent returns an error that ends the program with code; what there was to say has been said.
func silent(code int) error { return &exitError{code: code} }

// codeOf is the one place that maps errors to exit codes.
func codeOf(err error) int {
	var coded *exitError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &coded):
		return coded.code
	default:
		return ExitError
	}
}
