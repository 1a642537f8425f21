package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/stages/deploy/process/proc"
)

const (
	prSetChildSubreaper = 36 // linux/prctl.h
	killPause           = 50 * time.Millisecond
	killTimes           = 20 // where nobody hears of the children's ends
	codeNotStarted      = 127
	codeSignalled       = 128 // plus the signal's number
)

// Guard is the whole work of the process between inferencex and a server. It runs the server and ends only when nothing of it is left.
// It takes the server down when it is told to by a signal, when stdin ends because inferencex has died, when the time limit has passed,
// and when the server's first process has ended but its workers have not.
//
// Every process that loses its parent below the guard becomes the guard's child, so that none escapes by a session of its own or by
// writing over its environment. args are what Provider.Create puts behind Config.Guard. Guard returns the exit code of its process and
// writes only to talk, which is the server's log.
func Guard(args []string, stdin io.Reader, talk io.Writer) int {
	ttl, grace, argv, err := parseGuard(args)
	if err == nil {
		err = becomeReaper()
	}
	if err != nil {
		fmt.Fprintf(talk, "inferencex guard: %v\n", err)
		return codeNotStarted
	}
	g := &guard{
		grace: grace, talk: talk, signals: make(chan os.Signal, 8),
		ends: make(chan end), parent: make(chan struct{}), broken: make(chan error, 1),
	}
	signal.Notify(g.signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(g.signals)

	runtime.LockOSThread() // the server is killed when the thread that started it ends
	if g.pid, err = launch(argv); err != nil {
		fmt.Fprintf(talk, "inferencex guard: start %s: %v\n", argv[0], err)
		return codeNotStarted
	}
	// Its goroutines end with the process, if not before.
	watching := crew.Crew{Stop: func(err error) { g.broken <- err }}
	watching.Go(g.reap)
	watching.Go(func() error {
		defer close(g.parent)
		_, _ = io.Copy(io.Discard, stdin)
		return nil
	})
	return g.watch(time.After(ttl), ttl)
}

// guardArgs are the arguments that parseGuard reads.
func guardArgs(ttl, grace time.Duration, argv []string) []string {
	return append([]string{ttl.String(), grace.String(), "--"}, argv...)
}

func parseGuard(args []string) (ttl, grace time.Duration, argv []string, err error) {
	if len(args) < 4 || args[2] != "--" {
		return 0, 0, nil, errors.New("want TTL GRACE -- COMMAND")
	}
	if ttl, err = time.ParseDuration(args[0]); err != nil {
		return 0, 0, nil, err
	}
	if grace, err = time.ParseDuration(args[1]); err != nil {
		return 0, 0, nil, err
	}
	return ttl, grace, args[3:], nil
}

func becomeReaper() error {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		return fmt.Errorf("adopt orphans: %w", errno)
	}
	return nil
}

// launch starts the server in a process group of its own, with no standard input.
func launch(argv []string) (pid int, err error) {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return 0, err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	var env []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, guardVariable+"=") {
			env = append(env, variable)
		}
	}
	return syscall.ForkExec(path, argv, &syscall.ProcAttr{
		Env:   env,
		Files: []uintptr{null.Fd(), 1, 2},
		Sys:   &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	})
}

// guard is the state of one running Guard.
type guard struct {
	pid     int // the server's first process, and its group
	grace   time.Duration
	talk    io.Writer
	signals chan os.Signal
	parent  chan struct{} // closed when stdin has ended
	ends    chan end      // closed when no child is left, or nobody waits for them any more
	broken  chan error    // why nobody does
}

// end is one child that has ended.
type end struct {
	pid  int
	code int
}

// reap waits for every child, own and adopted.
func (g *guard) reap() error {
	defer close(g.ends)
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil: // ECHILD
			return nil
		case status.Signaled():
			g.ends <- end{pid, codeSignalled + int(status.Signal())}
		default:
			g.ends <- end{pid, status.ExitStatus()}
		}
	}
}

// watch waits for a reason to end, takes down what is left and returns the exit code of the server's first process.
func (g *guard) watch(limit <-chan time.Time, ttl time.Duration) int {
	code, running := 0, true
	for running {
		select {
		case e, more := <-g.ends:
			if !more {
				g.ends = nil // why is about to be told
			} else if e.pid == g.pid {
				code, running = e.code, false
			}
			continue
		case s := <-g.signals:
			fmt.Fprintf(g.talk, "inferencex guard: stopping the server: %v\n", s)
		case <-g.parent:
			fmt.Fprintln(g.talk, "inferencex guard: stopping the server: inferencex has ended")
		case <-limit:
			fmt.Fprintf(g.talk, "inferencex guard: stopping the server: its time limit of %s has passed\n", ttl)
		case err := <-g.broken:
			fmt.Fprintf(g.talk, "inferencex guard: killing the server: %v\n", err)
			g.kill()
			return codeSignalled + int(syscall.SIGKILL)
		}
		code, running = codeSignalled+int(syscall.SIGTERM), false
	}
	g.stop()
	return code
}

// stop ends all descendants: TERM, a time of grace, then KILL until none is left.
func (g *guard) stop() {
	g.signalAll(syscall.SIGTERM)
	deadline := time.After(g.grace)
	for {
		select {
		case _, more := <-g.ends:
			if !more {
				return
			}
			continue
		case <-deadline:
		}
		g.signalAll(syscall.SIGKILL) // again and again: a dying tree may still fork
		deadline = time.After(killPause)
	}
}

// kill ends all descendants where nobody would hear of it. Once more and again: a dying tree may still fork.
func (g *guard) kill() {
	for range killTimes {
		g.signalAll(syscall.SIGKILL)
		time.Sleep(killPause)
	}
}

func (g *guard) signalAll(signal syscall.Signal) {
	below, err := proc.Descendants(os.Getpid())
	if err != nil {
		fmt.Fprintf(g.talk, "inferencex guard: %v\n", err)
	}
	for _, p := range below {
		if err := p.Signal(signal); err != nil {
			fmt.Fprintf(g.talk, "inferencex guard: %v\n", err)
		}
	}
}
