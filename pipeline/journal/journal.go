// Package journal remembers what is alive outside of this process. A resource is in the journal, on disk, before it is asked for, and
// stays in it until its provider says that it is absent; so whatever dies, the next start knows what to look for.
package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// State is how far a resource's life is known to have come.
type State string

// The states, in their order.
const (
	Intended  State = "intended"  // about to be created, or created without our knowing
	Created   State = "created"   // the provider's id is known
	Ready     State = "ready"     // fit for use
	Releasing State = "releasing" // its destruction has begun
	Gone      State = "gone"      // the provider says that it is absent
)

// Entry is one line of the file: a resource and its newest state.
type Entry struct {
	Time   time.Time    `json:"time"`
	Since  time.Time    `json:"since"` // of the intent
	Run    string       `json:"run"`
	State  State        `json:"state"`
	Record stage.Record `json:"record"`
}

// Journal is an append-only file of entries, one JSON object a line, each on disk before the call that writes it returns.
// It has one writer at a time, which the Lease of its folder sees to. Its methods are safe for concurrent use.
type Journal struct {
	run   string
	now   func() time.Time
	crash durable.Crash
	mu    sync.Mutex
	file  *os.File
	live  map[string]Entry // by token
	keys  []string         // of live, in the order of their intents
}

var _ stage.Ledger = (*Journal)(nil)

// Config says where a journal is and who writes it.
type Config struct {
	Path  string // which need not exist yet
	Run   string
	Now   func() time.Time
	Crash durable.Crash // at the boundaries that Boundaries lists
}

// Boundaries lists where a process can end between two writes of a journal, in the order of a resource's life.
func Boundaries() []string {
	all := []string{boundaryCompacting, boundaryStaged, boundaryCompacted}
	for _, state := range []State{Intended, Created, Ready, Releasing, Gone} {
		all = append(all, before(state), torn(state), written(state), synced(state))
	}
	return all
}

const (
	boundaryCompacting = "journal.compacting"
	boundaryStaged     = "journal.compact.staged"
	boundaryCompacted  = "journal.compacted"
)

func before(s State) string  { return "journal." + string(s) + ".before" }
func torn(s State) string    { return "journal." + string(s) + ".torn" }
func written(s State) string { return "journal." + string(s) + ".written" }
func synced(s State) string  { return "journal." + string(s) + ".synced" }

// Open reads the journal and opens it for writing. A torn last line, left by a crash while it was written, is dropped: what it would have
// announced had not begun.
func Open(cfg Config) (*Journal, error) {
	j, err := read(cfg.Path)
	if err != nil {
		return nil, err
	}
	j.run, j.now, j.crash = cfg.Run, cfg.Now, cfg.Crash
	j.crash.At(boundaryCompacting)
	if err := j.compact(cfg.Path); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if j.file, err = os.OpenFile(cfg.Path, os.O_WRONLY|os.O_APPEND, 0o644); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return j, nil
}

// Read returns what the journal at path says may be alive, without holding or changing anything. There need not be one.
func Read(path string) ([]Entry, error) {
	j, err := read(path)
	if err != nil {
		return nil, err
	}
	return j.Live(), nil
}

func read(path string) (*Journal, error) {
	j := &Journal{live: map[string]Entry{}}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if err := j.replay(text); err != nil {
		return nil, fmt.Errorf("journal %s: %w", path, err)
	}
	return j, nil
}

func (j *Journal) replay(text []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			if n > bytes.Count(text, []byte("\n")) {
				return nil // torn: the file does not end in a newline
			}
			return fmt.Errorf("line %d is damaged (%w): look with your provider for what it may name, then remove the line", n, err)
		}
		j.apply(e)
	}
	return lines.Err()
}

func (j *Journal) apply(e Entry) {
	token := e.Record.Token
	if e.State == Gone {
		delete(j.live, token)
		j.keys = slices.DeleteFunc(j.keys, func(key string) bool { return key == token })
		return
	}
	if _, known := j.live[token]; !known {
		j.keys = append(j.keys, token)
	}
	j.live[token] = e
}

// compact writes the file anew with the live entries alone.
func (j *Journal) compact(path string) error {
	var text bytes.Buffer
	for _, e := range j.Live() {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		text.Write(append(line, '\n'))
	}
	if err := durable.MkdirAll(filepath.Dir(path)); err != nil {
		return err
	}
	return j.crash.WriteFile(boundaryStaged, boundaryCompacted, path, text.Bytes())
}

// Live returns the entries of everything that may be alive, in the order of their intents.
func (j *Journal) Live() []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	entries := []Entry{}
	for _, token := range j.keys {
		entries = append(entries, j.live[token])
	}
	return entries
}

// Intend records that the resource is about to be created.
func (j *Journal) Intend(record stage.Record) error {
	return j.append(Entry{State: Intended, Record: record})
}

// Created records the provider's id.
func (j *Journal) Created(token, id string) error {
	return j.advance(token, Created, func(r *stage.Record) { r.ID = id })
}

// Mark records that the resource came to a state. That it is gone counts for this process even if it cannot be written down.
func (j *Journal) Mark(token string, state State) error {
	return j.advance(token, state, func(*stage.Record) {})
}

func (j *Journal) advance(token string, state State, change func(*stage.Record)) error {
	j.mu.Lock()
	e, ok := j.live[token]
	j.mu.Unlock()
	if !ok {
		return fmt.Errorf("journal: %s of %s, which was never intended", state, token)
	}
	e.State = state
	change(&e.Record)
	return j.append(e)
}

func (j *Journal) append(e Entry) error {
	e.Time, e.Run = j.now().UTC(), j.run
	if e.State == Intended {
		e.Since = e.Time
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if e.State == Gone {
		j.apply(e)
	}
	if err := j.put(append(line, '\n'), e.State); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	j.apply(e)
	return nil
}

// put makes a line last. Of one that cannot be written whole nothing stays: a later line must not be glued to half of it.
func (j *Journal) put(line []byte, state State) error {
	info, err := j.file.Stat()
	if err != nil {
		return err
	}
	if err := j.write(line, state); err != nil {
		return errors.Join(err, j.file.Truncate(info.Size()))
	}
	return nil
}

func (j *Journal) write(line []byte, state State) error {
	j.crash.At(before(state))
	if j.crash != nil { // only then can a line be torn where a test wants it
		half := len(line) / 2
		if _, err := j.file.Write(line[:half]); err != nil {
			return err
		}
		j.crash.At(torn(state))
		line = line[half:]
	}
	if _, err := j.file.Write(line); err != nil {
		return err
	}
	j.crash.At(written(state))
	return j.crash.Sync(synced(state), j.file)
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }
