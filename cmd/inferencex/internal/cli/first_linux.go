package cli

import (
	"errors"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// codeSignalled is the exit code of a program that a signal has ended, less the signal's number, as shells have it.
const codeSignalled = 128

// First does what the first process of a container has to, if this is it, while a copy of this program does the work: it passes signals on and waits for
// every process that has lost its parent, which else would stay in the list of processes until the container ends. It returns the copy's exit code. Ok is
// false where this is another process, or no copy can be started: then the caller does the work.
func First() (code int, ok bool) {
	if os.Getpid() != 1 {
		return 0, false
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	if !signal.Ignored(syscall.SIGHUP) { // as it is under nohup, and stays for the copy
		signal.Notify(signals, syscall.SIGHUP)
	}
	defer signal.Stop(signals)
	worker, err := startCopy()
	if err != nil {
		return 0, false
	}
	go func() { // ends with the process
		for s := range signals {
			_ = worker.Signal(s) // it may have ended by now
		}
	}()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return ExitError, true // there is no child any more, and the copy was not seen to end
		case pid != worker.Pid:
		case status.Signaled():
			return codeSignalled + int(status.Signal()), true
		default:
			return status.ExitStatus(), true
		}
	}
}

// startCopy starts this program with its own arguments, in a process group of its own: ^C in a terminal is for it alone, and not for it twice.
func startCopy() (*os.Process, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return os.StartProcess(executable, os.Args, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
		Sys:   &syscall.SysProcAttr{Setpgid: true, Foreground: term.IsTerminal(0), Ctty: 0},
	})
}
