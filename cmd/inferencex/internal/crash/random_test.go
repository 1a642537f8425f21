//go:build linux

package crash_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"
)

// longest is how many kills a session bears before it may come to its end.
const longest = 3

// atRandomTimes kills the program at times drawn over the span of an undisturbed run, and what goes on after it, and so on until one comes to its
// end. In every other session what could clean up after it is killed with it.
func atRandomTimes(t *testing.T, theirs server, span time.Duration, want tables) {
	t.Logf("-seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	done, sessions := 0, 0
	for ; done < *kills; sessions++ {
		s := newSession(t, theirs)
		stranding := sessions%2 == 1
		s.hiding = !stranding // what hides and has lost its guard is nobody's to find
		over := false
		for n := 0; !over && n < longest && done < *kills; n++ {
			if over = !s.killedAfter(time.Duration(random.Int64N(int64(span))), stranding); !over {
				s.afterKill()
				done++
			}
		}
		if !over {
			s.completes(suiteRun...)
		}
		s.finished(want)
	}
	t.Logf("%d kills in %d sessions, up to %s after a start", done, sessions, span.Round(time.Millisecond))
}

// killedAfter starts the program and kills it after a time; with the guards of its servers, if they are to be stranded. False: it came to its end first.
func (s *session) killedAfter(limit time.Duration, stranding bool) bool {
	s.t.Helper()
	var out bytes.Buffer
	cmd := s.command(&out, "", suiteRun...)
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	kill := time.AfterFunc(limit, func() {
		if stranding && cmd.Process.Signal(syscall.SIGSTOP) == nil {
			for _, p := range s.processes() {
				if p.Getenv("INFERENCEX_GUARD") != "" {
					_ = p.Signal(syscall.SIGKILL)
				}
			}
		}
		_ = cmd.Process.Kill()
	})
	e := s.wait(cmd, &out, suiteRun)
	kill.Stop()
	if e.signal == syscall.SIGKILL {
		return true
	}
	if !slices.Contains([]int{0, 4}, e.code) {
		s.t.Errorf("%v", e)
	}
	return false
}
