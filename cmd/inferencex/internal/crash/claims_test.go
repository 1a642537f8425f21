//go:build linux

package crash_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/run"
)

// sealing is what was seen of a cell that was sealed when the program was killed.
type sealing struct {
	key    string
	made   time.Time
	asked  int             // requests for it that servers had seen by then
	before map[string]bool // runs that had begun by then
}

// afterKill holds what a killed program has left to what must hold at any time, its latest run's status among it, and notes which cells are sealed.
func (s *session) afterKill() {
	s.t.Helper()
	s.nothingUnknown()
	asked, runs := s.asked(), s.runs()
	for cell, entry := range s.entries() {
		if _, known := s.sealed[cell]; known {
			continue
		}
		before := map[string]bool{}
		for _, id := range runs {
			before[id] = true
		}
		s.sealed[cell] = sealing{entry.Key, entry.Sealed, asked[cells[cell]], before}
	}
	_, err := os.Stat(s.path("runs", "latest"))
	if e := s.start("", "status"); e.code != 0 && e.code != 7 && !(e.code == 3 && err != nil) {
		s.t.Errorf("after a kill: %v", e)
	}
}

// nothingUnknown is the first claim while something may live: every process with the mark of a resource is of one in the journal.
func (s *session) nothingUnknown() {
	s.t.Helper()
	processes := s.processes() // before the journal is read: what is made later may be there later
	live, err := journal.Read(s.path("runs", "journal.jsonl"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range processes {
		token := p.Getenv("INFERENCEX_TOKEN")
		if token != "" && !slices.ContainsFunc(live, func(e journal.Entry) bool { return e.Record.Token == token }) {
			s.t.Errorf("process %d has the mark of %s, which the journal does not know", p.PID, token)
		}
	}
}

// finished holds a session whose last run has come to its end to the three claims.
func (s *session) finished(undisturbed tables) {
	s.t.Helper()
	s.nothingLeft()
	s.nothingTwice()
	if diff := cmp.Diff(undisturbed, s.tables()); diff != "" {
		s.t.Errorf("tables differ from those of a run that nobody disturbed (-undisturbed +this):\n%s", diff)
	}
	s.nothingLittered()
}

// nothingLeft is the first claim at the end: journal and provider are empty, and no process of the session lives.
func (s *session) nothingLeft() {
	s.t.Helper()
	for _, p := range s.processes() {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.PID))
		s.t.Errorf("process %d lives: %q", p.PID, strings.Split(string(text), "\x00"))
	}
	live, err := journal.Read(s.path("runs", "journal.jsonl"))
	if err != nil || len(live) > 0 {
		s.t.Errorf("in the journal: %v %v", live, err)
	}
	for _, id := range s.runs() {
		if e := s.start("", "reap", "-run", id); e.code != 0 {
			s.t.Errorf("%v", e)
		}
	}
}

// nothingTwice is the second claim: what was sealed when the program was killed was not asked for, begun or sealed again.
func (s *session) nothingTwice() {
	s.t.Helper()
	asked, entries := s.asked(), s.entries()
	begun := map[string][]string{} // cells by the runs that began them
	for _, id := range s.runs() {
		for _, e := range s.events(id) {
			if e.Step != nil && e.Type == event.StepStarted {
				begun[id] = append(begun[id], e.Step.String())
			}
		}
	}
	for _, cell := range slices.Sorted(maps.Keys(s.sealed)) {
		was := s.sealed[cell]
		if got := asked[cells[cell]]; got != was.asked {
			s.t.Errorf("%s was sealed after %d requests, and now there are %d", cell, was.asked, got)
		}
		if now := entries[cell]; now.Key != was.key || !now.Sealed.Equal(was.made) {
			s.t.Errorf("%s was sealed %v as %s, and now there is %v %s", cell, was.made, was.key, now.Sealed, now.Key)
		}
		for id, steps := range begun {
			if !was.before[id] && slices.Contains(steps, cell) {
				s.t.Errorf("%s was sealed, and run %s began it again", cell, id)
			}
		}
	}
}

// nothingLittered says that kills have left nothing behind but what runs wrote: no file of a temporary name, no half run, no run that says it runs.
func (s *session) nothingLittered() {
	s.t.Helper()
	children, err := os.ReadDir(s.path("runs"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range children {
		name := c.Name()
		if strings.HasSuffix(name, ".tmp") || name == ".holder.json" {
			s.t.Errorf("runs/%s is left", name)
		}
		if manifest, err := run.ReadManifest(s.path("runs", name)); c.IsDir() && name != "store" && (err != nil || manifest.Status == run.StatusRunning) {
			s.t.Errorf("run %s is %q, %v", name, manifest.Status, err)
		}
	}
	for _, folder := range []string{"tmp", "trash"} {
		left, err := os.ReadDir(s.path("runs", "store", folder))
		if err != nil || len(left) > 0 {
			s.t.Errorf("store/%s holds %v, %v", folder, left, err)
		}
	}
}

// asked counts the requests of this session that servers have seen, by the tokens that they asked for.
func (s *session) asked() map[int]int {
	s.t.Helper()
	count := map[int]int{}
	for _, path := range []string{s.path("witness"), s.theirs.witness} {
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			var session string
			var tokens int
			if _, err := fmt.Sscan(line, &session, &tokens); err == nil && session == s.id {
				count[tokens]++
			}
		}
	}
	return count
}

// entries are the sealed results of cells: those in the store, and those that have come to their manifest and only wait to be carried there.
func (s *session) entries() map[string]checkpoint.Entry {
	s.t.Helper()
	found := map[string]checkpoint.Entry{}
	for _, pattern := range []string{"entries/*/*", "tmp/*"} {
		paths, _ := filepath.Glob(s.path("runs", "store", pattern, "entry.json"))
		for _, path := range paths {
			text, err := os.ReadFile(path)
			var entry checkpoint.Entry
			if err == nil {
				err = json.Unmarshal(text, &entry)
			}
			if err != nil {
				s.t.Fatal(err)
			}
			replaced := strings.Contains(filepath.Base(filepath.Dir(path)), ".")
			if cell := entry.Steps[0].String(); cells[cell] != 0 && !replaced {
				found[cell] = entry
			}
		}
	}
	return found
}

// runs returns the ids of the session's runs, sorted.
func (s *session) runs() []string {
	manifests, _ := filepath.Glob(s.path("runs", "2*", "run.json"))
	var ids []string
	for _, path := range manifests {
		ids = append(ids, filepath.Base(filepath.Dir(path)))
	}
	return ids
}

// events reads what a run told; a last line that a kill has torn is passed over.
func (s *session) events(id string) []event.Event {
	s.t.Helper()
	file, err := os.Open(s.path("runs", id, "events.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	var all []event.Event
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event.Event
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			all = append(all, e)
		}
	}
	return all
}
