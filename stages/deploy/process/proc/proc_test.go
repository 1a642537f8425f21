//go:build linux

package proc

import (
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
)

func TestParse(t *testing.T) {
	const stat = `4711 (VLLM::Worker) S (x) ) S 4700 4690 4680 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 123456 99 98 97`
	got, err := parse(4711, stat)
	if want := (Process{PID: 4711, Parent: 4700, Session: 4680, Start: 123456}); err != nil || got != want {
		t.Errorf("parse = %+v, %v; want %+v", got, err, want)
	}
	for _, bad := range []string{"", "1 (a) S 1 1 1", "1 (a) S x 4690 4680 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 123456"} {
		if _, err := parse(1, bad); err == nil {
			t.Errorf("parse(%q) succeeded", bad)
		}
	}
}

func TestChild(t *testing.T) {
	cmd := exec.Command("cat")
	cmd.Env = []string{"PROC_TEST=one", "PROC_TEST_LONGER=two"}
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	echo, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer hold.Close()
	// Once it answers, the program is the new one, and its environment is where the kernel shows it.
	if _, err := io.WriteString(hold, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := echo.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	child, there := Get(cmd.Process.Pid)
	if !there || child.Parent != os.Getpid() {
		t.Fatalf("child = %+v, %t", child, there)
	}
	if got := child.Getenv("PROC_TEST"); got != "one" {
		t.Errorf("PROC_TEST = %q, want one", got)
	}
	below, err := Descendants(os.Getpid())
	if err != nil || !slices.Contains(below, child) {
		t.Errorf("descendants = %v, %v; want them to have %+v", below, err, child)
	}
	stranger := child
	stranger.Start++
	if err := stranger.Signal(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	if _, there := Get(child.PID); !there {
		t.Fatal("a signal for the former owner of the id reached its new one")
	}
	if err := child.Signal(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	_ = cmd.Wait()
	if _, there := Get(child.PID); there {
		t.Error("the child that was killed is there")
	}
	if err := child.Signal(syscall.SIGKILL); err != nil {
		t.Errorf("signal to a process that has ended: %v", err)
	}
}

// A child that has ended is still there for its parent, and for nobody else.
func TestChildThatHasEnded(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	for {
		if _, lives := Get(cmd.Process.Pid); !lives {
			break
		}
	}
	if p, there := Child(cmd.Process.Pid); !there || p.Start == 0 {
		t.Errorf("child = %+v, %t; want when it started", p, there)
	}
}
