package power

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// idle is the watch of a deployment that nothing needs to watch.
type idle struct{}

func (idle) Close() error { return nil }

// Watch starts the nvidia-smi of an incarnation where its readings come from one. The sampler lives until its Close, whatever
// becomes of ctx.
func (k *Kind) Watch(_ context.Context, env stage.Env, task stage.Task) (stage.Watch, error) {
	_, opts, err := decode(task.Config)
	if err != nil {
		return nil, err
	}
	at := endpoint(task)
	if resolve(opts, at) != sourceSMI {
		return idle{}, nil
	}
	s := &sampler{
		command: opts.Command, period: time.Duration(opts.Period), devices: at.Power.Devices, url: at.URL, host: hostOf(at), clock: stage.NewClock(env.Now, at.Clock),
		done: make(chan struct{}), changed: make(chan struct{}),
	}
	if err := s.start(false); err != nil {
		return nil, fmt.Errorf(`%w; set command to its path, or source = "none" in stage "fetch-power"`, err)
	}
	s.crew.Go(s.run)
	return s, nil
}

// endpointEnv is the variable in which a command finds the URL of the endpoint that its GPUs serve.
const endpointEnv = "INFERENCEX_ENDPOINT"

// sampler is one nvidia-smi and what it printed. Its goroutine ends with the process, and Close waits for both.
type sampler struct {
	command command
	period  time.Duration
	devices []string
	url     string // of the endpoint
	host    string
	clock   *stage.Clock // the load's

	crew crew.Crew     // of the one goroutine
	done chan struct{} // closed when the last process has been waited for

	mu      sync.Mutex
	cmd     *exec.Cmd // nil when none runs
	out     io.ReadCloser
	old     bool // asked for power.draw
	closing bool
	series  series
	problem string        // the last line that was no reading, or why the process ended
	changed chan struct{} // closed and replaced at each reading
	broken  error         // the panic by which nobody reads any more
	told    bool          // a step has failed with it
}

// start starts the process in a group of its own, so that Close can end whatever it started in turn.
func (s *sampler) start(fallback bool) error {
	cmd := exec.Command(s.command[0], slices.Concat(s.command[1:], arguments(fallback, s.period, s.devices))...)
	cmd.Env = append(cmd.Environ(), "TZ=UTC", endpointEnv+"="+s.url)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", s.command, err)
	}
	cmd.Stderr = cmd.Stdout // nvidia-smi tells its troubles on either
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return errors.New("the watch is closed")
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", s.command, err)
	}
	s.cmd, s.out, s.old = cmd, out, fallback
	return nil
}

// run samples until the process ends. A panic on the way ends the process: nobody reads it any more.
func (s *sampler) run() error {
	defer close(s.done)
	err := crew.Catch(s.sample)
	if err != nil {
		s.abandon(err)
	}
	return err
}

// sample reads the process to its end, and once more with the older fields if the driver refuses the newer
// ones.
func (s *sampler) sample() error {
	if refused := s.read(); !refused {
		return nil
	}
	if err := s.start(true); err != nil {
		s.fail(err.Error())
		return nil
	}
	s.read()
	return nil
}

// abandon tells those who wait for readings that there will be none, and ends the process.
func (s *sampler) abandon(why error) {
	s.mu.Lock()
	s.broken = why
	cmd := s.cmd
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	s.signal(syscall.SIGKILL)
	s.closePipe()
	s.ended(cmd.Wait())
}

// read takes in lines until the process ends. It reports whether the process ended because it does not know a field.
func (s *sampler) read() (refused bool) {
	lines := bufio.NewScanner(s.out)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		r, err := parseReading(line, s.old)
		switch {
		case err == nil:
			s.add(r)
		case strings.Contains(line, "is not a valid field to query"):
			refused = !s.old
			s.fail(line)
		case line != "":
			s.fail(line)
		}
	}
	_, _ = io.Copy(io.Discard, s.out) // after a line beyond the scanner's size
	s.ended(s.cmd.Wait())
	return refused
}

func (s *sampler) add(r reading) {
	r.heardNS = s.unixNS()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.series.add(r)
	close(s.changed)
	s.changed = make(chan struct{})
}

// fail remembers a line that is no reading: the first words of it, since it may be anything.
func (s *sampler) fail(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problem = fmt.Sprintf("%.200s", line)
}

// ended takes note that the process is gone, so that its number, soon another's, is signalled no more.
func (s *sampler) ended(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd = nil
	if err != nil && !s.closing && s.problem == "" {
		s.problem = fmt.Sprintf("%s ended: %v", s.command, err)
	}
}

// readings implements source. It waits for the reading at to, but no longer than patience beyond that moment.
func (s *sampler) readings(ctx context.Context, from, to int64) (samples, error) {
	timer := time.NewTimer(s.clock.Wall(time.Duration(to-s.unixNS())) + patience)
	defer timer.Stop()
	for waiting := true; waiting; {
		s.mu.Lock()
		reached, changed := s.series.reaches(to), s.changed
		s.mu.Unlock()
		if reached {
			break
		}
		select {
		case <-changed:
		case <-s.done:
			waiting = false
		case <-timer.C:
			waiting = false
		case <-ctx.Done():
			return samples{}, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		s.told = true
		return samples{}, s.broken
	}
	rows := s.series.between(from, to, s.host)
	if len(rows) == 0 && s.problem != "" {
		return samples{}, fmt.Errorf("%s: %s", s.command, s.problem)
	}
	ahead := s.series.offset(from - int64(clockMemory))
	return samples{rows: rows, clockError: max(localClockError, ahead.bound())}, nil
}

// unixNS is the load's time now.
func (s *sampler) unixNS() int64 { return s.clock.UnixNS(s.clock.NowNS()) }

// stopGrace is how long the process may take to end by itself, and then to be seen to have been ended.
const stopGrace = 2 * time.Second

// Close ends the process and all of its group, and waits for it, but for no longer than twice stopGrace:
// what it started may have left the group and hold the pipe, and a process that waits for a stuck driver
// cannot be ended. It may be called again. It returns the panic that ended the sampling before, unless a
// step has.
func (s *sampler) Close() error {
	s.signal(syscall.SIGTERM)
	if s.endsWithin(stopGrace) {
		return s.untold()
	}
	s.signal(syscall.SIGKILL)
	s.closePipe()
	if s.endsWithin(stopGrace) {
		return s.untold()
	}
	return fmt.Errorf("%s does not end, though it was killed: its driver may be stuck", s.command)
}

func (s *sampler) untold() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told {
		return nil
	}
	return s.broken
}

func (s *sampler) endsWithin(grace time.Duration) bool {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-s.done:
		return true
	case <-timer.C:
		return false
	}
}

// closePipe has run see the end of the process's output, whoever else holds the other end.
func (s *sampler) closePipe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.out.Close()
}

// signal reaches the process and what it started, and keeps run from starting another.
func (s *sampler) signal(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	if s.cmd != nil {
		_ = syscall.Kill(-s.cmd.Process.Pid, sig)
	}
}
