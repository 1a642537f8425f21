package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/crew"
)

func leaseOf(dir, run string) LeaseConfig { return LeaseConfig{Dir: dir, Run: run, Now: time.Now} }

func acquire(t *testing.T, cfg LeaseConfig) *Lease {
	t.Helper()
	lease, err := Acquire(t.Context(), cfg)
	must(t, err)
	return lease
}

func TestLeaseHasOneHolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	lease := acquire(t, leaseOf(dir, "r1"))
	_, err := Acquire(t.Context(), leaseOf(dir, "r2"))
	host, _ := os.Hostname()
	want := fmt.Sprintf("%s is in use by run r1 (process %d on %s, since %s); wait for it with -wait, or give this run a folder of its own with -dir",
		dir, os.Getpid(), host, lease.holder.Since.Format(time.RFC3339))
	var held *HeldError
	if !errors.As(err, &held) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if sight, ok, err := Look(dir, time.Now()); err != nil || !ok || !sight.Alive || sight.Holder.Run != "r1" {
		t.Errorf("a look at it: %+v %v %v", sight, ok, err)
	}
	must(t, lease.Release())
	if sight, ok, err := Look(dir, time.Now()); ok || err != nil {
		t.Errorf("a look at what was given back: %+v %v", sight, err)
	}
	second := acquire(t, leaseOf(dir, "r2"))
	if second.Died != nil {
		t.Errorf("%s is said to have died", second.Died)
	}
	must(t, second.Release())
}

func TestASecondRunnerWaits(t *testing.T) {
	dir := t.TempDir()
	first := acquire(t, leaseOf(dir, "r1"))
	cfg := leaseOf(dir, "r2")
	cfg.Wait = time.Minute
	var told []string
	cfg.Waiting = func(e *HeldError) {
		told = append(told, e.Holder.Run)
		must(t, first.Release())
	}
	must(t, acquire(t, cfg).Release())
	if len(told) != 1 || told[0] != "r1" {
		t.Errorf("told %v", told)
	}
}

func TestWaitingEnds(t *testing.T) {
	dir := t.TempDir()
	lease := acquire(t, leaseOf(dir, "r1"))
	cfg := leaseOf(dir, "r2")
	cfg.Wait = time.Millisecond
	if _, err := Acquire(t.Context(), cfg); err == nil || !strings.HasPrefix(err.Error(), "after waiting 1ms: "+dir+" is in use by run r1") {
		t.Errorf("at its end: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cfg.Wait = time.Hour
	cfg.Waiting = func(*HeldError) { cancel(errors.New("^C")) }
	if _, err := Acquire(ctx, cfg); err == nil || !strings.HasPrefix(err.Error(), "wait for run r1") || !strings.HasSuffix(err.Error(), ": ^C") {
		t.Errorf("interrupted: %v", err)
	}
	must(t, lease.Release())
}

// TestMain lets a test start this program as the holder of a lease.
func TestMain(m *testing.M) {
	if dir := os.Getenv("LEASE_OF"); dir != "" {
		if _, err := Acquire(context.Background(), leaseOf(dir, "r1")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		select {}
	}
	os.Exit(m.Run())
}

func TestADeadHolderIsTakenOver(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "LEASE_OF="+dir)
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	line := make([]byte, 5)
	if _, err := out.Read(line); err != nil || string(line) != "held\n" {
		t.Fatalf("%s %v", line, err)
	}
	if sight, ok, err := Look(dir, time.Now()); err != nil || !ok || !sight.Alive {
		t.Errorf("the living holder: %+v %v %v", sight, ok, err)
	}
	_, err = Acquire(t.Context(), leaseOf(dir, "r2"))
	if want := fmt.Sprintf("run r1 (process %d on ", child.Process.Pid); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	must(t, child.Process.Kill())
	_ = child.Wait()
	if sight, ok, err := Look(dir, time.Now()); err != nil || !ok || sight.Alive {
		t.Errorf("the dead holder: %+v %v %v", sight, ok, err)
	}
	lease := acquire(t, leaseOf(dir, "r2"))
	if lease.Died == nil || lease.Died.PID != child.Process.Pid {
		t.Errorf("who died: %v", lease.Died)
	}
	must(t, lease.Release())
}

// elsewhere writes the file of a holder on another machine, whose lock is not seen here.
func elsewhere(t *testing.T, dir string, silent time.Duration) {
	t.Helper()
	must(t, Holder{Host: "far", PID: 7, Run: "r1", Since: clock(), Kernel: "another", Nonce: "n"}.write(dir, nil))
	must(t, os.Chtimes(filepath.Join(dir, holderFile), time.Now(), time.Now().Add(-silent)))
}

func TestAHolderOnAnotherMachineIsHeardOf(t *testing.T) {
	dir := t.TempDir()
	elsewhere(t, dir, 30*time.Second)
	_, err := Acquire(t.Context(), leaseOf(dir, "r2"))
	want := dir + " is in use by run r1 (process 7 on far, since 2026-11-23T12:00:00Z); wait for it with -wait, or give this run a folder of its own with -dir. " +
		"Its last sign of life is 30s old; from 2m0s on it is taken for dead"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if sight, _, _ := Look(dir, time.Now()); !sight.Alive {
		t.Error("it is said to be dead")
	}
	elsewhere(t, dir, 3*time.Minute)
	if sight, _, _ := Look(dir, time.Now()); sight.Alive {
		t.Error("it is said to live")
	}
	lease := acquire(t, leaseOf(dir, "r2"))
	if lease.Died == nil || lease.Died.Host != "far" {
		t.Errorf("who died: %v", lease.Died)
	}
	must(t, lease.Release())
}

func TestALeaseIsKeptAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		lease := acquire(t, leaseOf(dir, "r1"))
		time.Sleep(time.Hour)
		synctest.Wait()
		_, seen, err := readHolder(dir)
		must(t, err)
		if silent := time.Since(seen); silent > beatEvery {
			t.Errorf("silent for %s", silent)
		}
		must(t, lease.Err(), lease.Release())
	})
}

func TestAHolderThatCannotRenewStops(t *testing.T) {
	for name, tc := range map[string]struct {
		harm   func(dir string) error
		after  time.Duration // at most, when it is known
		reason string
	}{
		"another took it over": {
			func(dir string) error {
				return Holder{Host: "far", PID: 7, Run: "r2", Nonce: "n", Since: clock()}.write(dir, nil)
			},
			beatEvery, " is lost: run r2 (process 7 on far, since 2026-11-23T12:00:00Z) has taken it over",
		},
		"the folder is gone": {os.RemoveAll, loseAfter + beatEvery, "no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "runs")
				lease := acquire(t, leaseOf(dir, "r1"))
				must(t, tc.harm(dir))
				start := time.Now()
				<-lease.Lost()
				if took := time.Since(start); took > tc.after || took > staleAfter {
					t.Errorf("known after %s", took)
				}
				if err := lease.Err(); err == nil || !strings.Contains(err.Error(), tc.reason) {
					t.Errorf("got %v", err)
				}
				must(t, lease.Release())
			})
		})
	}
}

func TestAHolderOutlivesAShortTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "runs")
		lease := acquire(t, leaseOf(dir, "r1"))
		must(t, os.Rename(dir, dir+".away"))
		time.Sleep(loseAfter - 2*beatEvery)
		must(t, os.Rename(dir+".away", dir))
		time.Sleep(time.Hour)
		synctest.Wait()
		must(t, lease.Err())
		text, err := os.ReadFile(filepath.Join(dir, holderFile))
		must(t, err)
		var h Holder
		if err := json.Unmarshal(text, &h); err != nil || h.Nonce != lease.holder.Nonce {
			t.Errorf("%s %v", text, err)
		}
		must(t, lease.Release())
	})
}

func TestAPanicOfTheHeartbeatLosesTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		cfg := leaseOf(t.TempDir(), "r1")
		cfg.Now = func() time.Time {
			if broken.Load() {
				panic("no clock")
			}
			return time.Now()
		}
		lease := acquire(t, cfg)
		broken.Store(true)
		<-lease.Lost()
		if p := crew.PanicIn(lease.Err()); p == nil || p.Value != "no clock" {
			t.Errorf("lost by %v, want the panic", lease.Err())
		}
		must(t, lease.Release())
	})
}
