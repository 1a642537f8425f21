//go:build linux

// Package proc finds processes by what the kernel says of them.
//
// Its invariant: a Process is named by its id and the moment it started, so that an id which has been given away again never passes for
// the process that had it.
package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Process is a process as /proc/PID/stat shows it.
type Process struct {
	PID     int
	Parent  int
	Session int
	Start   uint64 // clock ticks after boot
	zombie  bool
}

// Get reads one process. False: there is none, or it has ended and only waits for its parent.
func Get(pid int) (Process, bool) {
	p, there := Child(pid)
	return p, there && !p.zombie
}

// Child reads a process that this one has started and not waited for yet: it is there even if it has ended.
func Child(pid int) (Process, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Process{}, false
	}
	p, err := parse(pid, string(text))
	return p, err == nil
}

// All reads all processes that have not ended, by id.
func All() ([]Process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var all []Process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if p, ok := Get(pid); ok {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b Process) int { return a.PID - b.PID })
	return all, nil
}

// parse reads /proc/PID/stat: the name in parentheses may hold anything, the fields behind it are numbers but for the state.
func parse(pid int, text string) (Process, error) {
	end := strings.LastIndexByte(text, ')')
	if end < 0 {
		return Process{}, fmt.Errorf("stat of process %d has no name", pid)
	}
	const state, parent, session, start = 0, 1, 3, 19 // places behind the name, as proc(5) numbers them less three
	fields := strings.Fields(text[end+1:])
	if len(fields) <= start {
		return Process{}, fmt.Errorf("stat of process %d is cut short", pid)
	}
	p := Process{PID: pid, zombie: fields[state] == "Z" || fields[state] == "X"}
	var err [3]error
	p.Parent, err[0] = strconv.Atoi(fields[parent])
	p.Session, err[1] = strconv.Atoi(fields[session])
	p.Start, err[2] = strconv.ParseUint(fields[start], 10, 64)
	for _, e := range err {
		if e != nil {
			return Process{}, fmt.Errorf("stat of process %d: %w", pid, e)
		}
	}
	return p, nil
}

// Getenv reads a variable of the environment that the process was started with. Empty if it has none, may not be read, or has written
// its title over it, as engines' workers do.
func (p Process) Getenv(name string) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.PID))
	if err != nil {
		return ""
	}
	for _, variable := range bytes.Split(text, []byte{0}) {
		if value, ok := bytes.CutPrefix(variable, []byte(name+"=")); ok {
			return string(value)
		}
	}
	return ""
}

// Output returns the path of the file that the process writes its standard output to.
func (p Process) Output() (string, error) {
	return os.Readlink(fmt.Sprintf("/proc/%d/fd/1", p.PID))
}

// Signal sends a signal to exactly this process. Nil if it has ended.
func (p Process) Signal(signal syscall.Signal) error {
	process, err := os.FindProcess(p.PID) // holds on to the process itself, not to its id
	if err != nil {
		return nil
	}
	defer func() { _ = process.Release() }()
	if now, ok := Get(p.PID); !ok || now.Start != p.Start {
		return nil
	}
	if err := process.Signal(signal); err != nil && !ended(err) {
		return fmt.Errorf("signal process %d: %w", p.PID, err)
	}
	return nil
}

func ended(err error) bool {
	return errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH)
}

// Descendants are the processes below pid, nearest first.
func Descendants(pid int) ([]Process, error) {
	all, err := All()
	if err != nil {
		return nil, err
	}
	var below []Process
	for parents := []int{pid}; len(parents) > 0; {
		var next []int
		for _, p := range all {
			if slices.Contains(parents, p.Parent) {
				below = append(below, p)
				next = append(next, p.PID)
			}
		}
		parents = next
	}
	return below, nil
}
