package power_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestCloseEndsTheWholeGroup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	t.Setenv(pidFile, path)
	_, task := watch(t, "stubborn", "")
	child := processIn(t, path)
	if err := task.Watch.Close(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); alive(child); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("a process of the group is left")
		}
	}
	if err := task.Watch.Close(); err != nil {
		t.Errorf("the second Close: %v", err)
	}
}

// alive reports whether a process runs: one that waits to be taken note of does not.
func alive(p *os.Process) bool {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid))
	return p.Signal(syscall.Signal(0)) == nil && !strings.Contains(string(stat), ") Z ")
}

// A process that has left the group cannot be ended by its number, and holds the pipe: Close does not wait for it.
func TestCloseDoesNotWaitForWhoLeftTheGroup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pid")
	t.Setenv(pidFile, path)
	_, task := watch(t, "deserted", "")
	left := processIn(t, path)
	t.Cleanup(func() { _ = left.Kill() })
	closed := make(chan error, 1)
	go func() { closed <- task.Watch.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("Close still waits")
	}
	if !alive(left) {
		t.Error("the process is gone: this shows nothing")
	}
}

// processIn returns the process whose number a file holds, once it does.
func processIn(t *testing.T, path string) *os.Process {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		text, _ := os.ReadFile(path)
		if pid, err := strconv.Atoi(string(text)); err == nil {
			process, err := os.FindProcess(pid)
			if err != nil {
				t.Fatal(err)
			}
			return process
		}
		if time.Now().After(deadline) {
			t.Fatalf("no number of a process in %s", path)
		}
		runtime.Gosched()
	}
}
