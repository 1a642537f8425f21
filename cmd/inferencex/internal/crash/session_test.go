//go:build linux

package crash_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/strangeloopio/inferencex/stages/deploy/process/proc"
)

// suite has two cells on a server of its own and one on a server that is borrowed. Each cell is known by its output length.
const suite = `
suite "crash" { seed = 7 }

model "qwen" {
  repo     = "Qwen/Qwen3-8B-FP8"
  revision = "220b46e3b2180893580a4454f21f22d3ebb187d3"
}

variable "grace" {
  type    = string
  default = "100ms"
}

provider "process" "ours" { grace = var.grace }

provider "endpoint" "theirs" {
  url        = %q
  header_env = { X-Session = "CRASH_SESSION" }
}

engine "family" {
  command = [%q, "serve", "-alias", "{alias}", "-port", "{port}"]
}

variable "theirs" {
  type    = number
  default = 4
}

workload "w" {
  isl      = 16
  requests = 4
}

workload "v" {
  isl      = 16
  requests = var.theirs
}

benchmark "ours" {
  model    = model.qwen
  engine   = engine.family
  provider = provider.process.ours
  workload = workload.w
  gpu_type = "H100"
  trials   = 1
  users    = 2
  matrix {
    osl = [21, 22]
  }
}

benchmark "theirs" {
  model    = model.qwen
  provider = provider.endpoint.theirs
  workload = workload.v
  gpu_type = "H100"
  trials   = 1
  users    = 2
  matrix {
    osl = [23]
  }
}
`

// cells are the load steps of the suite with the number of tokens that their requests ask for.
var cells = map[string]int{
	`load.ours["qwen/h100/1gpu/2u/16x21/t1"]`:   21,
	`load.ours["qwen/h100/1gpu/2u/16x22/t1"]`:   22,
	`load.theirs["qwen/h100/1gpu/2u/16x23/t1"]`: 23,
}

// session is a folder in which the program is started again and again.
type session struct {
	t      *testing.T
	id     string // in the environment of all its processes
	dir    string
	theirs server
	hiding bool // workers write over their environments
	sealed map[string]sealing
}

// sessions counts them, for their names.
var sessions atomic.Int64

// newSession makes an empty one, and sees to it that nothing of it outlives the test, whatever becomes of that.
func newSession(t *testing.T, theirs server) *session {
	t.Helper()
	s := &session{t: t, id: fmt.Sprintf("crash-%d-%d", os.Getpid(), sessions.Add(1)), dir: t.TempDir(), theirs: theirs, sealed: map[string]sealing{}}
	if err := os.WriteFile(s.path("suite.hcl"), fmt.Appendf(nil, suite, theirs.url, self), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, p := range s.processes() {
			_ = p.Signal(syscall.SIGKILL)
		}
	})
	return s
}

// after makes a session that goes on where another one is, which must not be running.
func after(t *testing.T, earlier *session) *session {
	t.Helper()
	s := newSession(t, earlier.theirs)
	if text, err := exec.Command("cp", "-a", earlier.dir+"/.", s.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return s
}

func (s *session) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// ended is how a start of the program ended.
type ended struct {
	args   []string
	code   int // -1: by a signal
	signal syscall.Signal
	out    string // stdout and stderr
}

func (e ended) String() string {
	return fmt.Sprintf("inferencex %s: code %d, %v:\n%s", strings.Join(e.args, " "), e.code, e.signal, e.out)
}

// command is the program in this session.
func (s *session) command(out *bytes.Buffer, crash string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, out, out
	cmd.Env = append(os.Environ(), sessionVariable+"="+s.id, witnessVariable+"="+s.path("witness"), "INFERENCEX_CRASH="+crash)
	if s.hiding {
		cmd.Env = append(cmd.Env, hidingVariable+"=1")
	}
	return cmd
}

// start runs the program to its end; crash is what INFERENCEX_CRASH says.
func (s *session) start(crash string, args ...string) ended {
	s.t.Helper()
	var out bytes.Buffer
	return s.wait(s.command(&out, crash, args...), &out, args)
}

func (s *session) wait(cmd *exec.Cmd, out *bytes.Buffer, args []string) ended {
	s.t.Helper()
	var err error
	if cmd.Process == nil {
		err = cmd.Run()
	} else {
		err = cmd.Wait()
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	e := ended{args: args, code: cmd.ProcessState.ExitCode(), out: out.String()}
	if status.Signaled() {
		e.signal = status.Signal()
	}
	return e
}

// processes are those of the session that live, whatever they have made of their environment or of their parents.
func (s *session) processes() []proc.Process {
	s.t.Helper()
	all, err := proc.All()
	if err != nil {
		s.t.Error(err)
	}
	var found []proc.Process
	for _, p := range all {
		if p.Getenv(sessionVariable) == s.id || s.named(p) {
			found = append(found, p)
		}
	}
	return found
}

// named reports whether the session is an argument of a process.
func (s *session) named(p proc.Process) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.PID))
	return err == nil && bytes.Contains(text, append([]byte(s.id), 0))
}

// server is one that sessions share: their provider endpoint has it.
type server struct{ url, witness string }

// borrowed starts such a server.
func borrowed(t *testing.T) server {
	t.Helper()
	folder := t.TempDir()
	w, err := newWitness(0, nil, func(header http.Header, tokens int) error {
		return noteIn(filepath.Join(folder, "witness"), header.Get("X-Session"), tokens)
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return server{w.url(), filepath.Join(folder, "witness")}
}
