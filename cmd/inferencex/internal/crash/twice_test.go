//go:build linux

package crash_test

import (
	"bytes"
	"os"
	"regexp"
	"syscall"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/event"
)

// The second ^C does not wait for a teardown any more: the program says what it leaves, and what releases it.
func TestASecondInterruptLeavesAtOnce(t *testing.T) {
	s := newSession(t, borrowed(t))
	var out bytes.Buffer
	args := []string{"run", "-var", "theirs=1000000", "-var", "grace=1h", "suite.hcl"} // workers do not end unless they are killed
	cmd := s.command(&out, "", args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.await("a load on the server of its own", event.StepStarted, "load.ours")
	interrupt := func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	interrupt()
	s.await("a teardown that takes an hour", event.StepStarted, "teardown.process.ours")
	interrupt()
	e := s.wait(cmd, &out, args)
	if e.code != 7 {
		t.Errorf("want 7: %v", e)
	}
	for _, want := range []string{
		`Interrupted: canceling what runs and tearing down\. \^C again leaves at once\.`,
		`deploy\.process\.ours\["qwen/h100/1gpu"\].*ix-[0-9a-f]+`,
		`inferencex destroy`,
	} {
		if !regexp.MustCompile(want).MatchString(e.out) {
			t.Errorf("want %q: %v", want, e)
		}
	}
	s.nothingUnknown()
	if e := s.start("", "status"); e.code != 7 {
		t.Errorf("want 7: %v", e)
	}
	for _, p := range s.processes() {
		if s.named(p) { // a worker
			if err := p.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	if e := s.start("", "destroy"); e.code != 0 {
		t.Errorf("%v", e)
	}
	s.nothingLeft()
}
