package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/durable"
)

// How a lease is kept alive. A holder on another machine is given up for dead after staleAfter without a sign of life; one that cannot give any
// stops itself well before that.
const (
	beatEvery  = 10 * time.Second
	loseAfter  = 90 * time.Second
	staleAfter = 2 * time.Minute
	lookEvery  = 500 * time.Millisecond // while waiting
)

// HeldError says that somebody else works in the folder.
type HeldError struct {
	Dir    string
	Holder Holder
	// Silent is how long the holder has given no sign of life, where that is all that is known of it; 0 where its lock is seen.
	Silent time.Duration
}

func (e *HeldError) Error() string {
	text := fmt.Sprintf("%s is in use by %s; wait for it with -wait, or give this run a folder of its own with -dir", e.Dir, e.Holder)
	if e.Silent > 0 {
		text += fmt.Sprintf(". Its last sign of life is %s old; from %s on it is taken for dead", e.Silent.Round(time.Second), staleAfter)
	}
	return text
}

// LeaseConfig says whose lease it is to be.
type LeaseConfig struct {
	Dir string // made if it is not there
	Run string
	Now func() time.Time
	// Wait is how long to wait for another holder; 0: not at all. Waiting, if set, is told whom for, once.
	Wait    time.Duration
	Waiting func(*HeldError)
	Crash   durable.Crash // at the boundaries that LeaseBoundaries lists
}

// The boundaries of a lease.
const (
	leaseLocked = "lease.locked" // its file is the last holder's, or not there
	leaseStaged = "lease.staged"
	leaseHeld   = "lease.held"
	leaseEnding = "lease.ending"
	leaseEnded  = "lease.ended" // its file is gone, its lock is held
)

// LeaseBoundaries lists where a process can end between two steps of taking a lease and of giving it up, in their order.
func LeaseBoundaries() []string {
	return []string{leaseLocked, leaseStaged, leaseHeld, leaseEnding, leaseEnded}
}

// Lease makes its holder the only writer of a folder of runs: of its journal, its store and its runs. On one machine the operating system ends it
// with the process, however that dies. For other machines, whose locks are not always seen, its file is touched every few seconds.
type Lease struct {
	dir    string
	holder Holder
	now    func() time.Time
	lock   *flock.Flock
	crash  durable.Crash
	stop   chan struct{}
	lost   chan struct{}
	err    error     // set before lost is closed
	life   crew.Crew // of the goroutine that gives signs of life
	// Died is the holder whose lease was taken over because it is dead; nil if the last one gave it back.
	Died *Holder
}

// Acquire takes the lease of a folder or returns a *HeldError.
func Acquire(ctx context.Context, cfg LeaseConfig) (*Lease, error) {
	if err := durable.MkdirAll(cfg.Dir); err != nil {
		return nil, durable.Error("make", cfg.Dir, err)
	}
	deadline := time.After(cfg.Wait)
	for told := false; ; told = true {
		lease, err := tryAcquire(cfg)
		var held *HeldError
		if err == nil || !errors.As(err, &held) || cfg.Wait <= 0 {
			return lease, err
		}
		if !told && cfg.Waiting != nil {
			cfg.Waiting(held)
		}
		select {
		case <-time.After(lookEvery):
		case <-deadline:
			return nil, fmt.Errorf("after waiting %s: %w", cfg.Wait, err)
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s: %w", held.Holder, context.Cause(ctx))
		}
	}
}

func tryAcquire(cfg LeaseConfig) (*Lease, error) {
	lock := flock.New(filepath.Join(cfg.Dir, ".lock"))
	locked, err := lock.TryLock()
	if err != nil {
		if !errors.Is(err, syscall.ENOSYS) && !errors.Is(err, syscall.EOPNOTSUPP) && !errors.Is(err, syscall.ENOLCK) {
			return nil, durable.Error("lock", filepath.Join(cfg.Dir, ".lock"), err)
		}
		return nil, fmt.Errorf("lock %s: %w; a folder of runs has to be on a file system with locks: -dir names another one", cfg.Dir, err)
	}
	l := &Lease{
		dir: cfg.Dir, holder: self(cfg.Run, rand.Text(), cfg.Now()), now: cfg.Now, lock: lock, crash: cfg.Crash,
		stop: make(chan struct{}), lost: make(chan struct{}),
	}
	l.life.Stop = l.lose
	before, seen, err := readHolder(cfg.Dir)
	switch silent := cfg.Now().Sub(seen); {
	case !locked:
		return nil, &HeldError{Dir: cfg.Dir, Holder: before} // poorer without the file, and still true
	case errors.Is(err, fs.ErrNotExist):
	case err == nil && (before.sameKernel(l.holder) || silent >= staleAfter):
		l.Died = &before
	case err == nil: // a lock that another machine holds may not be seen here
		err = &HeldError{Dir: cfg.Dir, Holder: before, Silent: max(silent, time.Nanosecond)}
		return nil, errors.Join(err, lock.Unlock())
	default:
		return nil, errors.Join(fmt.Errorf("lock %s: %w", cfg.Dir, err), lock.Unlock())
	}
	l.crash.At(leaseLocked)
	if err := l.holder.write(cfg.Dir, l.crash); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", cfg.Dir, err), lock.Unlock())
	}
	l.life.Go(l.beat)
	return l, nil
}

// beat gives signs of life until the lease is released. Its error is why the lease is lost.
func (l *Lease) beat() error {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for last := l.now(); ; {
		select {
		case <-l.stop:
			return nil
		case <-tick.C:
		}
		taken, err := l.renew()
		switch silent := l.now().Sub(last); {
		case err == nil:
			last = l.now()
		case taken || silent >= loseAfter:
			return err
		}
	}
}

func (l *Lease) lose(err error) {
	l.err = fmt.Errorf("the lease of %s is lost: %w", l.dir, err)
	close(l.lost)
}

// renew touches the holder's file. Touching needs no room on the disk. It reports whether the folder is another's by now.
func (l *Lease) renew() (taken bool, err error) {
	now, _, err := readHolder(l.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, l.holder.write(l.dir, nil)
	case err != nil:
		return false, err
	case now.Nonce != l.holder.Nonce:
		return true, fmt.Errorf("%s has taken it over", now)
	}
	return false, os.Chtimes(filepath.Join(l.dir, holderFile), l.now(), l.now())
}

// Lost is closed when the lease could not be renewed for too long, or is another's: its holder has to stop.
func (l *Lease) Lost() <-chan struct{} { return l.lost }

// Err says why the lease was lost; nil while it is held.
func (l *Lease) Err() error {
	select {
	case <-l.lost:
		return l.err
	default:
		return nil
	}
}

// Release gives the folder up.
func (l *Lease) Release() error {
	close(l.stop)
	_ = l.life.Wait() // a lease that is lost has been told of
	l.crash.At(leaseEnding)
	var err error
	if now, _, readErr := readHolder(l.dir); readErr == nil && now.Nonce == l.holder.Nonce {
		err = os.Remove(filepath.Join(l.dir, holderFile))
	}
	l.crash.At(leaseEnded)
	return errors.Join(err, l.lock.Unlock())
}
