package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// sideBySide lets both deployments run at once.
func sideBySide(text string) string {
	return strings.Replace(text, `provider "fake" "p" {}`, "provider \"fake\" \"p\" {\n  quota = { H100 = 3 }\n}", 1)
}

// takes is a call that needs so long, and ends with err or with its context.
func takes(d time.Duration, err error) func(context.Context, int) error {
	return func(ctx context.Context, _ int) error {
		select {
		case <-time.After(d):
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// table returns what the aggregate step of a run saw.
func (b *bench) table(run string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, run, "aggregate.txt"))
	must(b.t, err)
	return string(text)
}

func TestAFailureThatStopsTheRun(t *testing.T) {
	for name, tc := range map[string]struct {
		suite, stages string
		end           End
		measured      int
	}{
		"by the suite":          {`on_failure = "stop"`, "", Stopped, 1},
		"by its stage":          {"", "stage \"load\" {\n  on_failure = \"stop\"\n}\n", Stopped, 1},
		"but for its stage":     {`on_failure = "stop"`, "stage \"load\" {\n  on_failure = \"continue\"\n}\n", Complete, 3},
		"and by no other stage": {"", "stage \"warmup\" {\n  on_failure = \"stop\"\n}\n", Complete, 3},
		"which none does":       {"", "", Complete, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.on["load 1gpu/2u"] = takes(time.Minute, errors.New("every request failed"))
				b.on["load 2gpu/2u"] = takes(time.Hour, nil) // runs when the other one fails, and comes to its end
				text := strings.Replace(twoDeployments, "seed = 1", "\n  seed = 1\n  "+tc.suite+"\n", 1)
				o, _ := b.run(t.Context(), sideBySide(text)+tc.stages)
				b.mustBeEmpty(o)
				if o.End != tc.end || o.Measured() != tc.measured || o.Count(plan.Teardown, Done) != 2 || o.Count(plan.Plot, Done) != 1 {
					t.Errorf("end %q, %d measured\n%s", o.End, o.Measured(), states(o))
				}
				want := "failed: not measured: the run stopped after load.b[\"m/h100/1gpu/2u/64x16/t1\"] failed (on_failure)"
				if got := strings.Contains(b.table("run-1"), want); got != (tc.end == Stopped) {
					t.Errorf("the tables say %q: %v\n%s", want, got, b.table("run-1"))
				}
			})
		})
	}
}

// A disk that is full ends the measuring, since nothing that is measured could be kept, and nothing else: deployments are torn down, and the error says
// what happened, where, and what to do.
func TestADiskThatFailsStopsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		full := durable.Error("append to journal", "runs/x/chunks.arrow", &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC})
		b.on["load 1gpu/2u"] = takes(time.Minute, fmt.Errorf("load: %w", full))
		b.on["load 2gpu/2u"] = takes(time.Hour, nil) // runs when the other one fails, and comes to its end
		o, _, err := b.tryRun(t.Context(), sideBySide(twoDeployments))
		b.mustBeEmpty(o)
		if o.End != DiskFailed || o.Measured() != 1 || o.Count(plan.Teardown, Done) != 2 || o.Count(plan.Plot, Done) != 1 {
			t.Errorf("end %q, %d measured\n%s", o.End, o.Measured(), states(o))
		}
		const want = "3 cells could not be measured, because results could not be written: load: append to journal runs/x/chunks.arrow: no space left on device: " +
			"free space on that disk, or give a run directory on another one. What is sealed stays: the same command goes on with what is missing"
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		b.on = map[string]func(context.Context, int) error{} // there is space again
		o, _ = b.run(t.Context(), sideBySide(twoDeployments))
		if o.Reused() != 1 || o.Measured() != 3 {
			t.Errorf("the next run used %d cells again\n%s", o.Reused(), states(o))
		}
	})
}

// A disk that takes a minute for each write costs time and nothing else: no deadline counts it against what is measured or torn down.
func TestASlowDiskCostsTimeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		var passed atomic.Int64
		b.passing = func(string) {
			passed.Add(1)
			time.Sleep(time.Minute)
		}
		began := time.Now()
		o, _ := b.run(t.Context(), twoDeployments)
		b.mustBeEmpty(o)
		if o.End != Complete || o.Measured() != 4 || o.Count(plan.Teardown, Done) != 2 || o.Count(plan.Plot, Done) != 1 {
			t.Errorf("end %q, %d measured\n%s", o.End, o.Measured(), states(o))
		}
		if took := time.Since(began); passed.Load() < 50 || took < 50*time.Minute { // some stand side by side
			t.Errorf("%d writes in %s", passed.Load(), took)
		}
	})
}

func TestARunWhoseTimeIsOverReportsAndTearsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.limit = 90 * time.Minute
		b.on["load"] = takes(time.Hour, nil)
		var tornDown time.Duration
		start := time.Now()
		b.on["teardown 1gpu"] = func(ctx context.Context, _ int) error {
			err := takes(10*time.Minute, nil)(ctx, 0)
			tornDown = time.Since(start)
			return err
		}
		o, seen := b.run(t.Context(), twoDeployments)
		b.mustBeEmpty(o)
		want := strings.TrimSpace(`
deploy m/h100/1gpu done
warmup m/h100/1gpu done
load m/h100/1gpu/2u/64x16/t1 done
fetch-power m/h100/1gpu/2u/64x16/t1 done
load m/h100/1gpu/4u/64x16/t1 canceled
fetch-power m/h100/1gpu/4u/64x16/t1 canceled
teardown m/h100/1gpu done
deploy m/h100/2gpu canceled
warmup m/h100/2gpu canceled
load m/h100/2gpu/2u/64x16/t1 canceled
fetch-power m/h100/2gpu/2u/64x16/t1 canceled
load m/h100/2gpu/4u/64x16/t1 canceled
fetch-power m/h100/2gpu/4u/64x16/t1 canceled
teardown m/h100/2gpu skipped
aggregate done
plot done`)
		if diff := cmp.Diff(want, states(o)); diff != "" || o.End != TimedOut {
			t.Errorf("end %q %s", o.End, diff)
		}
		if tornDown != 100*time.Minute {
			t.Errorf("torn down after %s: the run's time has cut it short, or it began late", tornDown)
		}
		if want := "4u/64x16/t1\"] failed: not measured: the run's time of 1h30m0s was over (-timeout)"; strings.Count(b.table("run-1"), want) != 4 {
			t.Errorf("the tables do not say %q:\n%s", want, b.table("run-1"))
		}
		if last := seen.events[len(seen.events)-1]; last.Message != "1 cell measured, 0 used again, timed out" {
			t.Errorf("last event %q", last.Message)
		}
		clear(b.on)
		b.limit = 0
		if o, _ := b.run(t.Context(), twoDeployments); o.Reused() != 1 || o.Measured() != 3 || o.End != Complete {
			t.Errorf("the next run: end %q\n%s", o.End, states(o))
		}
	})
}

func TestAnInterruptTellsItsCause(t *testing.T) {
	b := newBench(t)
	ctx, interrupt := context.WithCancelCause(t.Context())
	b.on["load 1gpu/2u"] = func(ctx context.Context, _ int) error {
		interrupt(errors.New("the lease is lost"))
		<-ctx.Done()
		return ctx.Err()
	}
	o, _ := b.run(ctx, twoDeployments)
	b.mustBeEmpty(o)
	if want := "not measured: the run was interrupted: the lease is lost"; o.End != Interrupted || len(o.Missing) != 4 || o.Missing[0].Why != want {
		t.Errorf("end %q, missing %+v", o.End, o.Missing)
	}
}

func TestATimeoutOfADeployStageNeverCutsATeardown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.on["deploy 1gpu"] = takes(time.Hour, nil)
		b.on["teardown 1gpu"] = takes(30*time.Minute, nil)
		o, _ := b.run(t.Context(), twoDeployments+"stage \"deploy\" {\n  timeout = \"10m\"\n}\nstage \"teardown\" {\n  timeout = \"40m\"\n}\n")
		b.mustBeEmpty(o)
		f := o.Failures()
		if len(f) != 1 || !strings.Contains(f[0].Err.Error(), `ran longer than 10m0s (stage "deploy" { timeout })`) || o.Count(plan.Teardown, Done) != 2 {
			t.Errorf("%v\n%s", f, states(o))
		}
	})
}

func TestADeploymentWaitsForRoom(t *testing.T) {
	noRoom := stage.Failf(stage.Quota, "capacity", "no H100 is free")
	for name, tc := range map[string]struct {
		stage   string
		free    time.Duration // when there is room
		state   State
		waited  time.Duration // at most
		message string
	}{
		"until there is some": {"queue_timeout = \"2h\"", time.Hour, Done, time.Hour + 2*time.Minute, ""},
		"as long as it may": {
			"queue_timeout = \"30m\"", time.Hour, Failed, 30 * time.Minute,
			"no room within 30m0s (stage \"deploy\" { queue_timeout }): no H100 is free",
		},
		"not at all":                 {"", time.Hour, Failed, 0, "no H100 is free"},
		"beside the stage's timeout": {"queue_timeout = \"2h\"\n  timeout = \"1m\"", time.Hour, Done, time.Hour + 2*time.Minute, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				start := time.Now()
				var until time.Duration
				b.on["deploy 1gpu"] = func(context.Context, int) error {
					until = time.Since(start)
					if until < tc.free {
						return noRoom
					}
					return nil
				}
				one := strings.Replace(twoDeployments, "gpus  = [1, 2]", "gpus  = [1]", 1)
				o, seen := b.run(t.Context(), one+"stage \"deploy\" {\n  "+tc.stage+"\n  retry {\n    attempts = 1\n  }\n}\n")
				b.mustBeEmpty(o)
				if o.Steps[0].State != tc.state || until > tc.waited || b.most > 1 {
					t.Errorf("%s after %s, %d incarnations at once", o.Steps[0].State, until, b.most)
				}
				if got := fmt.Sprint(o.Steps[0].Err); tc.message != "" && got != tc.message {
					t.Errorf("error %q, want %q", got, tc.message)
				}
				for _, e := range seen.events {
					if e.Type == event.StepRetried && e.Class != string(stage.Quota) {
						t.Errorf("retried for %s", e.Class)
					}
				}
			})
		})
	}
}

// What is protected: the attempts that a suite gives a deployment. A provider that has no room for an hour takes none of them, so that a
// transient failure after the wait is tried again; and a wait is not told as an attempt.
func TestAWaitForRoomIsNoAttempt(t *testing.T) {
	noRoom, reset := stage.Failf(stage.Quota, "capacity", "no H100 is free"), stage.Failf(stage.Transient, "reset", "connection reset")
	for name, tc := range map[string]struct {
		tries []error // what becomes of each
		state State
		told  []int // attempts in the events that begin one
		last  int   // the attempt in the event that ends the step
	}{
		"room, then one failure":   {[]error{noRoom, noRoom, noRoom, reset, nil}, Done, []int{1, 2}, 2},
		"between two attempts":     {[]error{reset, noRoom, noRoom, nil}, Done, []int{1, 2}, 2},
		"room, then it works":      {[]error{noRoom, noRoom, nil}, Done, []int{1}, 1},
		"room, then two failures":  {[]error{noRoom, reset, noRoom, reset, nil}, Failed, []int{1, 2}, 2},
		"never room, only for 2 h": {slices.Repeat([]error{noRoom}, 20000), Failed, []int{1}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.on["deploy 1gpu"] = func(_ context.Context, n int) error { return tc.tries[n-1] }
				one := strings.Replace(twoDeployments, "gpus  = [1, 2]", "gpus  = [1]", 1)
				o, seen := b.run(t.Context(), one+"stage \"deploy\" {\n  queue_timeout = \"2h\"\n  retry {\n    attempts = 2\n    backoff  = \"1m\"\n  }\n}\n")
				b.mustBeEmpty(o)
				var told []int
				last, retried := 0, map[string]int{}
				for _, e := range seen.events {
					switch {
					case e.Step == nil || e.Step.Kind != plan.Deploy:
					case e.Type == event.StepStarted:
						told = append(told, e.Attempt)
					case e.Type == event.StepRetried:
						retried[e.Class]++
					case e.Type == event.StepDone || e.Type == event.StepFailed:
						last = e.Attempt
					}
				}
				if o.Steps[0].State != tc.state || !slices.Equal(told, tc.told) || last != tc.last || retried[string(stage.Transient)] != len(tc.told)-1 {
					t.Errorf("%s; attempts told %v, the last %d, retried %v; want %s %v %d", o.Steps[0].State, told, last, retried, tc.state, tc.told, tc.last)
				}
			})
		})
	}
}

func TestASuiteSaysWhatIsTriedAgain(t *testing.T) {
	for on, calls := range map[string]int{`["transient"]`: 1, `["permanent"]`: 3, `["transient", "permanent"]`: 3} {
		t.Run(on, func(t *testing.T) {
			b := newBench(t)
			b.on["load 1gpu/2u"] = func(context.Context, int) error { return errors.New("every request failed") }
			o, _ := b.run(t.Context(), twoDeployments+"stage \"load\" {\n  retry {\n    attempts = 3\n    backoff  = \"1ms\"\n    on       = "+on+"\n  }\n}\n")
			b.mustBeEmpty(o)
			if got := b.count("load m/h100/1gpu/2u/64x16/t1"); got != calls {
				t.Errorf("%d calls, want %d", got, calls)
			}
		})
	}
}
