//go:build linux

package journal

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// full lets no file of this process grow beyond a size while work is done: what a disk does that is full in the middle of a line.
func full(t *testing.T, size int64, work func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // else the kernel ends a process that goes on writing
	t.Cleanup(func() { signal.Reset(syscall.SIGXFSZ) })
	var before syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(size), Max: before.Max}))
	defer func() { must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)) }()
	work()
}

// inChild is set in the environment of a test that is run by passesInChild.
const inChild = "INFERENCEX_JOURNAL_TEST_CHILD"

// passesInChild runs the calling test in a process of its own, for tests that open files while none may grow: go test has a process that it
// starts write a log of the files that are opened, and the limit would hit that, too.
func passesInChild(t *testing.T) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inChild+"=1")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a process of its own: %v\n%s", err, out)
	}
}

func TestALineThatDoesNotFitLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j := open(t, path)
	must(t, j.Intend(stage.Record{Token: "a"}))
	before, err := os.ReadFile(path)
	must(t, err)
	for room := range len(nextLine(t)) {
		var failed error
		full(t, int64(len(before)+room), func() { failed = j.Created("a", "pid 7") })
		if failed == nil || !strings.Contains(failed.Error(), "file too large") {
			t.Fatalf("with room for %d bytes: %v", room, failed)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != string(before) {
			t.Fatalf("with room for %d bytes: the file holds %q, %v; want %q", room, now, err, before)
		}
		if diff := cmp.Diff([]string{"a intended "}, states(j)); diff != "" {
			t.Fatalf("with room for %d bytes: %s", room, diff)
		}
	}
	// As soon as there is room it goes on as if nothing had been.
	must(t, j.Created("a", "pid 7"), j.Mark("a", Ready))
	if diff := cmp.Diff([]string{"a ready pid 7"}, states(open(t, path))); diff != "" {
		t.Error(diff)
	}
}

// nextLine is the one that the journal of the test above cannot write.
func nextLine(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j := open(t, path)
	must(t, j.Intend(stage.Record{Token: "a"}), j.Created("a", "pid 7"))
	text, err := os.ReadFile(path)
	must(t, err)
	return strings.SplitAfter(string(text), "\n")[1]
}

func TestWhatIsGoneIsGoneOnAFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j := open(t, path)
	must(t, j.Intend(stage.Record{Token: "a"}), j.Created("a", "pid 7"), j.Mark("a", Releasing))
	info, err := os.Stat(path)
	must(t, err)
	full(t, info.Size()+10, func() { err = j.Mark("a", Gone) })
	if err == nil {
		t.Error("the disk was not full")
	}
	if diff := cmp.Diff([]string{}, states(j)); diff != "" {
		t.Errorf("for this process: %s", diff)
	}
	if diff := cmp.Diff([]string{"a releasing pid 7"}, states(open(t, path))); diff != "" {
		t.Errorf("for the next one: %s", diff)
	}
}

// A journal that cannot be written anew when it is opened is as it was.
func TestOpeningOnAFullDiskChangesNothing(t *testing.T) {
	if os.Getenv(inChild) == "" {
		passesInChild(t)
		return
	}
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j := open(t, path)
	must(t, j.Intend(stage.Record{Token: "a"}), j.Created("a", "pid 7"))
	before, err := os.ReadFile(path)
	must(t, err)
	full(t, 10, func() { _, err = Open(Config{Path: path, Run: "run-2", Now: clock}) })
	if err == nil || !strings.Contains(err.Error(), "journal.jsonl: ") {
		t.Errorf("opened with %v", err)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(before) {
		t.Errorf("the file holds %q, %v; want %q", now, err, before)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// What is protected: that a folder has one writer. A holder whose file cannot be written is none: other machines would not see it.
func TestALeaseThatCannotBeWrittenDownIsNotHeld(t *testing.T) {
	if os.Getenv(inChild) == "" {
		passesInChild(t)
		return
	}
	dir := t.TempDir()
	var err error
	full(t, 10, func() { _, err = Acquire(t.Context(), leaseOf(dir, "r1")) })
	if err == nil || !strings.Contains(err.Error(), "lock "+dir) || !strings.Contains(err.Error(), "file too large") {
		t.Errorf("acquired with %v", err)
	}
	must(t, acquire(t, leaseOf(dir, "r2")).Release())
}
