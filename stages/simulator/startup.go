package simulator

import (
	"cmp"
	"strings"

	"github.com/strangeloopio/inferencex/stages/simulator/failure"
)

// StartupError is a start that a fault has failed: what Serve returns then. It is ErrStartup.
type StartupError struct {
	Class string   // what went wrong, as package startup calls it
	Lines []string // the last words of the server, as it would have printed them
}

// Error tells the class; the lines are for the log.
func (e *StartupError) Error() string {
	if e.Class == "" {
		return ErrStartup.Error() + ": " + strings.Join(e.Lines, " ")
	}
	return ErrStartup.Error() + ": " + e.Class
}

// Unwrap returns ErrStartup.
func (e *StartupError) Unwrap() error { return ErrStartup }

// startupError is what the fault makes of the start of a model's server. Words of the suite's own stand in place of those of the class.
func (f Fault) startupError(model string) (*StartupError, error) {
	if f.Message != "" {
		return &StartupError{Class: f.Class, Lines: strings.Split(f.Message, "\n")}, nil
	}
	class := cmp.Or(f.Class, failure.Default)
	lines, err := failure.Lines(class, model)
	if err != nil {
		return nil, err
	}
	return &StartupError{Class: class, Lines: lines}, nil
}
