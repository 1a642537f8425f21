//go:build linux

package crash_test

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/run"
	"github.com/strangeloopio/inferencex/stages/deploy/process/proc"
)

// In a container the program is the first process: the kernel shields it from signals that it does not handle, and gives it every process that has lost
// its parent. It tears down when it is told to end, and the processes that it is given do not stay with it as zombies.
func TestAsTheFirstProcessOfAContainer(t *testing.T) {
	container := []string{"unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"}
	if text, err := exec.Command(container[0], append(container[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("this machine lets nobody make a pid namespace: %s: %v: %s", strings.Join(container, " "), err, text)
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			s := newSession(t, borrowed(t))
			s.hiding = true
			var out bytes.Buffer
			args := []string{"run", "-var", "theirs=1000000", "suite.hcl"}
			cmd := s.command(&out, "", args...)
			cmd.Path, cmd.Args = mustFind(t, container[0]), slices.Concat(container, []string{program}, args)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			s.await("a load on the server of its own", event.StepStarted, "load.ours")
			s.await("one on the borrowed server, which goes on", event.StepStarted, "load.theirs")
			var orphans []proc.Process
			for _, p := range s.processes() {
				if s.named(p) {
					orphans = append(orphans, p)
				}
				if p.Getenv("INFERENCEX_GUARD") != "" {
					if err := p.Signal(syscall.SIGKILL); err != nil {
						t.Fatal(err)
					}
				}
			}
			if len(orphans) != 2 {
				t.Fatalf("workers: %v, want 2", orphans)
			}
			s.await("the teardown of what has no guard any more", event.StepDone, "teardown.process.ours")
			for _, p := range orphans {
				until(t, "a worker to be gone from the list of processes", func() bool {
					now, there := proc.Child(p.PID)
					return !there || now.Start != p.Start
				})
			}
			if err := first(t, cmd.Process.Pid).Signal(signal); err != nil {
				t.Fatal(err)
			}
			if e := s.wait(cmd, &out, args); e.code != 130 {
				t.Errorf("want 130: %v", e)
			}
			if manifest, err := run.ReadManifest(s.path("runs", "latest")); err != nil || manifest.Status != string(run.Interrupted) {
				t.Errorf("the run is %q, %v", manifest.Status, err)
			}
			s.nothingLeft()
			s.nothingLittered()
		})
	}
}

func mustFind(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// first is the first process of the container that unshare, a process of this machine, has made.
func first(t *testing.T, unshare int) proc.Process {
	t.Helper()
	all, err := proc.All()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, func(p proc.Process) bool { return p.Parent == unshare })
	if at < 0 {
		t.Fatal("the container has no process")
	}
	return all[at]
}

// await waits for an event of a step whose address begins so, in the latest run.
func (s *session) await(what string, kind event.Type, step string) {
	s.t.Helper()
	until(s.t, what, func() bool {
		return slices.ContainsFunc(s.events("latest"), func(e event.Event) bool {
			return e.Type == kind && e.Step != nil && strings.HasPrefix(e.Step.String(), step)
		})
	})
}

// until polls until a condition holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(2 * time.Minute); !holds(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
