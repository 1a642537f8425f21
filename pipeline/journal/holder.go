package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// Holder is who holds a folder of runs. Its file is touched as long as it does: the file's time is its last sign of life.
type Holder struct {
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	Run   string    `json:"run"`
	Since time.Time `json:"since"`

	Kernel string `json:"kernel,omitempty"` // one boot of one machine; empty where that cannot be told
	Space  string `json:"space,omitempty"`  // in which its pid counts; empty likewise
	Start  string `json:"start,omitempty"`  // of the process, so that a pid that was given away again is not it
	Nonce  string `json:"nonce,omitempty"`  // of this lease
}

// String names a holder to a person.
func (h Holder) String() string {
	return fmt.Sprintf("run %s (process %d on %s, since %s)", h.Run, h.PID, h.Host, h.Since.Format(time.RFC3339))
}

// self describes this process as a holder.
func self(run, nonce string, now time.Time) Holder {
	host, _ := os.Hostname() // it is a name for people
	h := Holder{Host: host, PID: os.Getpid(), Run: run, Since: now.UTC(), Nonce: nonce}
	if boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		h.Kernel = strings.TrimSpace(string(boot))
	}
	h.Space, _ = os.Readlink("/proc/self/ns/pid") // empty elsewhere
	h.Start = startOf(h.PID)
	return h
}

// startOf returns when a process started, in clock ticks after the boot; empty where that cannot be told.
func startOf(pid int) string {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return ""
	}
	const start = 19 // of the fields behind the name, which is in parentheses and may hold anything
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) <= start {
		return ""
	}
	return fields[start]
}

// sameKernel reports whether two holders run on one kernel, whose locks and processes both see.
func (h Holder) sameKernel(other Holder) bool {
	if h.Kernel == "" || other.Kernel == "" {
		return h.Host == other.Host
	}
	return h.Kernel == other.Kernel
}

// lives reports whether the process of a holder on this kernel is there.
func (h Holder) lives() bool {
	process, err := os.FindProcess(h.PID)
	if err != nil {
		return false
	}
	defer func() { _ = process.Release() }()
	if err := process.Signal(syscall.Signal(0)); err != nil && !errors.Is(err, os.ErrPermission) {
		return false
	}
	return h.Start == "" || h.Start == startOf(h.PID)
}

const holderFile = ".holder.json"

// readHolder reads who holds dir and when it was last heard of. Without a holder, or with one that cannot be read, there is fs.ErrNotExist.
func readHolder(dir string) (Holder, time.Time, error) {
	path := filepath.Join(dir, holderFile)
	info, err := os.Stat(path)
	if err != nil {
		return Holder{}, time.Time{}, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Holder{}, time.Time{}, err
	}
	var h Holder
	if err := json.Unmarshal(text, &h); err != nil {
		return Holder{}, time.Time{}, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	return h, info.ModTime(), nil
}

func (h Holder) write(dir string, crash durable.Crash) error {
	return crash.WriteJSON(leaseStaged, leaseHeld, filepath.Join(dir, holderFile), h)
}

// Sight is what can be told of a folder's holder from outside.
type Sight struct {
	Holder Holder
	Alive  bool      // for all that is known
	Seen   time.Time // its last sign of life
}

// Look tells who holds dir, without taking anything. Ok is false if nobody does.
func Look(dir string, now time.Time) (sight Sight, ok bool, err error) {
	h, seen, err := readHolder(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Sight{}, false, nil
	}
	if err != nil {
		return Sight{}, false, fmt.Errorf("look for the holder of %s: %w", dir, err)
	}
	me := self("", "", now)
	alive := now.Sub(seen) < staleAfter
	if h.sameKernel(me) && h.Space == me.Space {
		alive = h.lives()
	}
	return Sight{h, alive, seen}, true, nil
}
