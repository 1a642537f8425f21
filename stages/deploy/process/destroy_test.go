package process_test

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/stages/deploy"
	"github.com/strangeloopio/inferencex/stages/deploy/process/proc"
)

// alive are the processes among these that still run.
func alive(pids ...int) []int {
	var list []int
	for _, pid := range pids {
		if _, there := proc.Get(pid); there {
			list = append(list, pid)
		}
	}
	return list
}

// marked are the processes that carry a token.
func marked(t *testing.T, token string) []int {
	t.Helper()
	all, err := proc.All()
	if err != nil {
		t.Fatal(err)
	}
	var list []int
	for _, p := range all {
		if p.Getenv("INFERENCEX_TOKEN") == token {
			list = append(list, p.PID)
		}
	}
	return list
}

var workerLine = regexp.MustCompile(`^worker (\d+)$`)

// workers are the processes that the family role says it started.
func workers(t *testing.T, live stage.Live) []int {
	t.Helper()
	lines, err := live.Logs(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, line := range lines {
		if m := workerLine.FindStringSubmatch(line); m != nil {
			pid, _ := strconv.Atoi(m[1])
			pids = append(pids, pid)
		}
	}
	if len(pids) != 2 || len(alive(pids...)) != 2 {
		t.Fatalf("workers %v, of which %v live; want 2:\n%s", pids, alive(pids...), strings.Join(lines, "\n"))
	}
	return pids
}

func TestReleaseLeavesNothing(t *testing.T) {
	tests := map[string]struct{ role string }{
		"a server that ignores TERM":        {"stubborn"},
		"workers that hide and ignore TERM": {"family"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			kind, env, live, err := acquire(t, own(test.role, serveArgs...), `grace = "100ms"`, nil)
			if err != nil {
				t.Fatal(err)
			}
			pids := marked(t, live.Record().Token)
			if len(pids) < 2 {
				t.Fatalf("processes with the mark: %v; want the guard and the server", pids)
			}
			if test.role == "family" {
				pids = append(pids, workers(t, live)...)
			}
			if err := kind.Release(t.Context(), env, live.Record()); err != nil {
				t.Fatal(err)
			}
			if left := alive(pids...); len(left) > 0 {
				t.Errorf("processes %v outlive the release", left)
			}
		})
	}
}

// The guard is killed, so that Release finds only marks and a session whose leader is gone.
func TestReleaseWithoutGuard(t *testing.T) {
	kind, env, live, err := acquire(t, own("family", serveArgs...), `grace = "100ms"`, nil)
	if err != nil {
		t.Fatal(err)
	}
	hidden := workers(t, live)
	guard, _ := strconv.Atoi(strings.Split(live.Record().ID, "/")[1])
	if err := syscall.Kill(guard, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := kind.Release(t.Context(), env, live.Record()); err != nil {
		t.Fatal(err)
	}
	// A worker that left the session and hides its mark as well cannot be found without the guard.
	if left := alive(hidden[1:]...); len(left) > 0 {
		t.Errorf("worker %v of the guard's session outlives the release", left)
	}
	if err := syscall.Kill(hidden[0], syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

func TestServerThatEndsIsNotAlive(t *testing.T) {
	_, _, live, err := acquire(t, own("family", serveArgs...), `grace = "100ms"`, nil)
	if err != nil {
		t.Fatal(err)
	}
	hidden := workers(t, live)
	for _, pid := range marked(t, live.Record().Token) {
		if p, there := proc.Get(pid); there && p.Getenv("INFERENCEX_GUARD") == "" {
			if err := p.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	wait(t, "the workers of a server that was killed to end", func() bool { return len(alive(hidden...)) == 0 })
	wait(t, "the provider to see how it ended", func() bool {
		err := live.Alive(t.Context())
		return err != nil && stage.ReasonOf(err) == "server_ended" && strings.Contains(err.Error(), "exit status 137")
	})
}

// wait polls until a condition holds.
func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// A release that runs out of time says where to look.
func TestReleaseOutOfTime(t *testing.T) {
	kind, env, live, err := acquire(t, own("stubborn", serveArgs...), `grace = "1h"`, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = kind.Release(ctx, env, live.Record())
	pids := marked(t, live.Record().Token)
	if err == nil || len(pids) != 2 || !strings.Contains(err.Error(), "processes still run, see ps -p "+strconv.Itoa(pids[0])+","+strconv.Itoa(pids[1])) {
		t.Errorf("release = %v; want processes %v", err, pids)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) { // the server may end with its guard
			t.Error(err)
		}
	}
}

func TestOtherMachine(t *testing.T) {
	h := deploy.Handle{Token: "ix-elsewhere", ID: "some-other-host/17/4711/8000"}
	err := newProvider().Destroy(t.Context(), h)
	if err == nil || !strings.Contains(err.Error(), "process 17 runs on some-other-host and this is ") {
		t.Errorf("destroy = %v; want on which machine to do it", err)
	}
}

func TestBadID(t *testing.T) {
	for _, id := range []deploy.ID{"17", "h/x/1/1", "h/1/x/1", "h/1/1/x"} {
		err := newProvider().Destroy(t.Context(), deploy.Handle{ID: id})
		if err == nil || !strings.Contains(err.Error(), "of a process is none") {
			t.Errorf("destroy %s = %v", id, err)
		}
	}
}
