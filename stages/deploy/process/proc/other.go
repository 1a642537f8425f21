//go:build !linux

// Package proc finds processes by what the kernel says of them. It needs Linux.
package proc

import (
	"errors"
	"syscall"
)

// Process is a process of this machine.
type Process struct {
	PID, Parent, Session int
	Start                uint64
}

// Get finds nothing here.
func Get(int) (Process, bool) { return Process{}, false }

// Child finds nothing here.
func Child(int) (Process, bool) { return Process{}, false }

// All reports that this system has no /proc.
func All() ([]Process, error) { return nil, errors.ErrUnsupported }

// Descendants reports that this system has no /proc.
func Descendants(int) ([]Process, error) { return nil, errors.ErrUnsupported }

// Getenv is empty here.
func (Process) Getenv(string) string { return "" }

// Output reports that this system has no /proc.
func (Process) Output() (string, error) { return "", errors.ErrUnsupported }

// Signal reports that this system has no /proc.
func (Process) Signal(syscall.Signal) error { return errors.ErrUnsupported }
