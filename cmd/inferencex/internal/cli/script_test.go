package cli

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/strangeloopio/inferencex/pipeline/event/eventtest"
	"github.com/strangeloopio/inferencex/stages/client/nullserver"
)

// TestMain lets this binary be the program, and the null server beside which claims about time are judged.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "null-server" {
		os.Exit(nullserver.Main(os.Stdin, os.Stdout, os.Stderr))
	}
	testscript.Main(m, map[string]func(){"inferencex": func() { os.Exit(Main(System())) }, "doomed": doomedMain})
}

// TestScripts runs the program as its users do: each file of testdata/script is a session in a folder of its own.
func TestScripts(t *testing.T) {
	// Under nohup a hang-up is ignored, and so it would be by every program that a script starts and means to hang up.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangups) })
	params := scripts(t, nil)
	params.Dir = "testdata/script"
	testscript.Run(t, params)
}

// scripts returns how sessions are run. Their figures that tell how fast this machine is are put down as
// claims, or only have to be there if claims is nil.
func scripts(t *testing.T, claims *claims) testscript.Params {
	return testscript.Params{
		RequireExplicitExec: true,
		Condition:           condition,
		Setup:               func(env *testscript.Env) error { env.Defer(func() { checkEvents(t, env.WorkDir) }); return nil },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"events":   events,
			"exits":    exits,
			"measures": claims.measures,
			"await":    await,
			"results":  results,
			"timed":    claims.timed,
			"unmarked": claims.unmarked,
			"orphans":  orphans,
			"port":     port,
			"hangup":   hangup,
			"shoot":    shoot,
			"strand":   strand,
		},
	}
}

// condition says what a script may ask of the machine: tmpfs, whether it may make a file system of its own.
func condition(name string) (bool, error) {
	if name != "tmpfs" {
		return false, fmt.Errorf("there is no condition %q", name)
	}
	return exec.Command("unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", os.TempDir()).Run() == nil, nil
}

// checkEvents holds every event that a script's runs wrote down to the schema.
func checkEvents(t *testing.T, work string) {
	v, err := eventtest.New()
	if err != nil {
		t.Error(err)
		return
	}
	files, _ := filepath.Glob(filepath.Join(work, "*", "*", "events.jsonl"))
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err == nil {
			_, err = v.Lines(text)
		}
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// events holds the lines of a file, or of stdout, to the schema of events: events stdout.
func events(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: events FILE")
	}
	v, err := eventtest.New()
	ts.Check(err)
	n, err := v.Lines([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	if n == 0 {
		ts.Fatalf("no events in %s", args[0])
	}
}

// exits runs a command and holds its exit code, which may be one of several: exits 3 inferencex validate.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if !slices.Contains(strings.Split(args[0], "|"), fmt.Sprint(code)) {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// await waits until a file whose name fits a pattern holds a text: await runs/latest/events.jsonl step_started.
func await(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: await PATTERN TEXT")
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(2 * time.Minute); ; {
		paths, _ := filepath.Glob(ts.MkAbs(args[0]))
		for _, path := range paths {
			if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), args[1]) {
				return
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			ts.Fatalf("%s never held %q", args[0], args[1])
		}
	}
}

// hangup sends SIGHUP to everything that the script runs in the background.
func hangup(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGHUP))
	}
}

// shoot kills the first command that the script runs in the background, so that it can clean nothing up.
func shoot(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		err := cmd.Process.Signal(syscall.SIGKILL)
		if err == nil {
			return
		}
		if !errors.Is(err, os.ErrProcessDone) {
			ts.Fatalf("%v", err)
		}
	}
	ts.Fatalf("nothing runs in the background")
}

// strand kills the first command in the background together with the guards of its servers, so that what these have started lives on: what a
// machine looks like whose inferencex was killed with all that it could have cleaned up with.
func strand(ts *testscript.TestScript, neg bool, args []string) {
	for _, cmd := range ts.BackgroundCmds() {
		if cmd.Process.Signal(syscall.SIGSTOP) != nil {
			continue // it has ended
		}
		for _, pid := range marked(ts, "INFERENCEX_GUARD=") {
			ts.Check(syscall.Kill(pid, syscall.SIGKILL))
		}
		break
	}
	shoot(ts, neg, args)
}

// marked returns the processes of this session whose environment holds a mark.
func marked(ts *testscript.TestScript, mark string) []int {
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	var found []int
	for _, path := range environments {
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text), mark) && strings.Contains(string(text), ts.Getenv("WORK")) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			ts.Check(err)
			found = append(found, pid)
		}
	}
	return found
}

// port finds a free port and puts it into a variable: port NAME.
func port(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: port NAME")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], fmt.Sprint(listener.Addr().(*net.TCPAddr).Port))
	ts.Check(listener.Close())
}

// orphans fails if a process of this session is alive that carries the mark of a deployment: ! orphans.
func orphans(ts *testscript.TestScript, neg bool, _ []string) {
	found := marked(ts, "INFERENCEX_TOKEN=")
	if neg == (len(found) > 0) {
		ts.Fatalf("processes with the mark of a deployment: %v", found)
	}
}
