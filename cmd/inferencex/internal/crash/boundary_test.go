//go:build linux

package crash_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/cmd/inferencex/internal/cli"
)

// scenario is a command that is killed at each boundary that it passes.
type scenario struct {
	name   string
	before func(*session) // what has happened in the folder
	args   []string
	next   []string // what goes on after the kill
	only   string   // how the boundaries begin at which it is killed: the others are those of another scenario
	few    string   // those at which it is killed where time is short
}

var suiteRun = []string{"run", "suite.hcl"}

// scenarios pass every boundary between them, also those that have few.
var scenarios = []scenario{
	{"run", func(*session) {}, suiteRun, suiteRun, "", "lease.held run.shown journal.intended.synced journal.created.torn seal.described publish.linked"},
	// There is a result to throw away, there are two servers to release, and a manifest to correct.
	{"go on", func(s *session) { s.dies("seal.gathered#2", suiteRun...) }, suiteRun, suiteRun, "", "journal.releasing.written"},
	{"carry through", func(s *session) { s.dies("seal.described#2", suiteRun...) }, suiteRun, suiteRun, "seal.", ""},
	{"make again", func(s *session) { s.completes(suiteRun...) }, []string{"run", "-fresh", "suite.hcl"}, suiteRun, "", "seal.aside"},
	{"sweep", func(s *session) { s.completes(suiteRun...); s.completes("run", "-fresh", "suite.hcl") }, sweep, sweep, "", "gc.condemned gc.hidden"},
	{"destroy", func(s *session) { s.dies("journal.ready.synced#2", suiteRun...) }, []string{"destroy"}, []string{"destroy"}, "", ""},
}

var sweep = []string{"gc", "-older-than", "0s", "-keep", "1", "-yes"}

// dies runs the program until it dies at a boundary.
func (s *session) dies(crash string, args ...string) {
	s.t.Helper()
	boundary, _, _ := strings.Cut(crash, "#")
	if e := s.start(crash, args...); e.signal != syscall.SIGKILL || !strings.Contains(e.out, "INFERENCEX_CRASH: killed at "+boundary+"\n") {
		s.t.Fatalf("want it killed at %s: %v", crash, e)
	}
}

// completes runs the program to its own end. A machine that is too busy to measure well makes a run exit with 4; what that says of its cells is held
// to by the tables.
func (s *session) completes(args ...string) ended {
	s.t.Helper()
	e := s.start("", args...)
	if e.code != 0 && e.code != 4 {
		s.t.Fatalf("%v", e)
	}
	return e
}

var passing = regexp.MustCompile(`(?m)^INFERENCEX_CRASH: passing (\S+)$`)

// trace runs the command of a scenario without a kill, and counts how often it passes each boundary.
func (sc scenario) trace(s *session) map[string]int {
	s.t.Helper()
	e := s.start("trace", sc.args...)
	if e.code != 0 && e.code != 4 {
		s.t.Fatalf("%v", e)
	}
	passed := map[string]int{}
	for _, match := range passing.FindAllStringSubmatch(e.out, -1) {
		passed[match[1]]++
	}
	return passed
}

// TestCrash holds what is left by kills, and what is made of it, to what a run leaves and makes that nobody disturbs.
func TestCrash(t *testing.T) {
	theirs := borrowed(t)
	undisturbed := newSession(t, theirs)
	begun := time.Now()
	undisturbed.completes(suiteRun...)
	span := time.Since(begun)
	want := undisturbed.tables()
	undisturbed.finished(want)
	t.Run("at boundaries", func(t *testing.T) { atBoundaries(t, theirs, want) })
	t.Run("at random times", func(t *testing.T) { atRandomTimes(t, theirs, span, want) })
}

// atBoundaries kills the program at each boundary of each scenario and lets it go on; of the first scenario at the first passing and at the last.
func atBoundaries(t *testing.T, theirs server, want tables) {
	somewhere := map[string]bool{} // passed
	count := 0
	for at, sc := range scenarios {
		if sc.few == "" && !*whole {
			continue
		}
		before := newSession(t, theirs)
		sc.before(before)
		passed := sc.trace(after(t, before))
		for _, boundary := range strings.Fields(sc.few) {
			if passed[boundary] == 0 {
				t.Errorf("%s does not pass %s", sc.name, boundary)
			}
		}
		for _, boundary := range slices.Sorted(maps.Keys(passed)) {
			if !slices.Contains(cli.Boundaries(), boundary) {
				t.Errorf("%s passes %s, which is not listed", sc.name, boundary)
			}
			somewhere[boundary] = true
			passings := []int{1}
			switch last := passed[boundary]; {
			case !*whole && !slices.Contains(strings.Fields(sc.few), boundary), !strings.HasPrefix(boundary, sc.only):
				continue
			case *whole && at == 0 && last > 1:
				passings = append(passings, last)
			}
			for _, n := range passings {
				count++
				t.Run(fmt.Sprintf("%s at %s#%d", sc.name, boundary, n), func(t *testing.T) {
					t.Parallel()
					s := after(t, before)
					s.hiding = true
					s.dies(fmt.Sprintf("%s#%d", boundary, n), sc.args...)
					s.afterKill()
					s.completes(sc.next...)
					s.completes(suiteRun...)
					s.finished(want)
				})
			}
		}
	}
	for _, boundary := range cli.Boundaries() {
		if !somewhere[boundary] {
			t.Errorf("no scenario passes %s", boundary)
		}
	}
	t.Logf("%d boundaries, %d kills", len(cli.Boundaries()), count)
}
