package journal

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// Holder is who holds a folder of runs.
type Holder struct {
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	Run   string    `json:"run"`
	Since time.Time `json:"since"`
}

// HeldError says that somebody else works in the folder.
type HeldError struct {
	Dir    string
	Holder Holder
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s is in use by run %s (process %d on %s, since %s); wait for it, or give this run a folder of its own with -dir",
		e.Dir, e.Holder.Run, e.Holder.PID, e.Holder.Host, e.Holder.Since.Format(time.RFC3339))
}

// Lease makes its holder the only writer of a folder of runs: of its journal, its store and its runs.
// The operating system ends it with the process, however that dies.
type Lease struct{ lock *flock.Flock }

// Acquire takes the lease of dir or returns a *HeldError at once.
func Acquire(dir string, me Holder) (*Lease, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	holderFile := filepath.Join(dir, ".holder.json")
	lock := flock.New(filepath.Join(dir, ".lock"))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if !ok {
		held := &HeldError{Dir: dir}
		if text, err := os.ReadFile(holderFile); err == nil {
			_ = json.Unmarshal(text, &held.Holder) // the message is poorer without it, and still true
		}
		return nil, held
	}
	if err := durable.WriteJSON(holderFile, me); err != nil {
		_ = lock.Unlock()
		return nil, err
	}
	return &Lease{lock}, nil
}

// Release gives the folder up.
func (l *Lease) Release() error { return l.lock.Unlock() }
