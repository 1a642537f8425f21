package run

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// boom is a bug. Its name is found in a stack.
func boom() error { panic("boom") }

// A panic, wherever it happens, fails one step by name, and every deployment is torn down.
func TestAPanicIsAFailureAndTearsDown(t *testing.T) {
	retry := "stage \"load\" {\n  retry {\n    attempts = 3\n    backoff  = \"1ms\"\n    on       = [\"permanent\"]\n  }\n}\n"
	for _, tc := range []struct {
		name   string
		bug    func(b *bench)
		fails  string // the step that fails
		loads  int    // cells that are measured nevertheless
		calls  int    // of load
		stop   bool   // the run is interrupted before the panic
		stages string
	}{
		{name: "of a step", fails: "load 1gpu/2u", loads: 3, calls: 4, stages: retry, bug: func(b *bench) {
			b.on["load 1gpu/2u"] = func(context.Context, int) error { return boom() }
		}},
		{name: "that another goroutine hands to a step", fails: "load 1gpu/2u", loads: 3, calls: 4, bug: func(b *bench) {
			b.on["load 1gpu/2u"] = func(context.Context, int) error {
				return stage.Fail(stage.Transient, "endpoint_gone", crew.Catch(boom))
			}
		}},
		{name: "of a step that is being interrupted", fails: "load 1gpu/2u", loads: 0, calls: 1, stop: true, bug: func(b *bench) {
			b.on["load 1gpu/2u"] = func(ctx context.Context, _ int) error { <-ctx.Done(); return boom() }
		}},
		{name: "of a deploy step", fails: "deploy 1gpu", loads: 2, calls: 2, bug: func(b *bench) {
			b.on["deploy 1gpu"] = func(context.Context, int) error { return boom() }
		}},
		{name: "as a watch is opened", fails: "deploy 1gpu", loads: 2, calls: 2, bug: func(b *bench) {
			opened := 0
			b.close = func() error { return nil }
			b.watch = func() error {
				if opened++; opened == 1 {
					return boom()
				}
				return nil
			}
		}},
		{name: "as a watch is closed", fails: "teardown 1gpu", loads: 4, calls: 4, bug: func(b *bench) { b.close = firstTime(boom) }},
		{name: "as a log is read", fails: "teardown 1gpu", loads: 4, calls: 4, bug: func(b *bench) {
			first := firstTime(boom)
			b.logs = func() ([]string, error) { return nil, first() }
		}},
		{name: "of a server in this process during a load", fails: "load 1gpu/2u", loads: 3, calls: 4, bug: func(b *bench) {
			var ended error
			b.on["load 1gpu/2u"] = func(context.Context, int) error { ended = crew.Catch(boom); return nil }
			b.on["load 1gpu/4u"] = func(context.Context, int) error { ended = nil; return nil }
			b.server = func() error { return ended }
		}},
		{name: "of a server in this process as it is released", fails: "teardown 1gpu", loads: 4, calls: 4, bug: func(b *bench) {
			var ended error
			b.on["release 1gpu"] = func(context.Context, int) error { ended = crew.Catch(boom); return nil }
			b.on["deploy 2gpu"] = func(context.Context, int) error { ended = nil; return nil }
			b.server = func() error { return ended }
		}},
		{name: "of a server in this process before it is released, and forgotten", fails: "teardown 1gpu", loads: 4, calls: 4, bug: func(b *bench) {
			var ended error
			b.logs = func() ([]string, error) { ended = crew.Catch(boom); return nil, nil }
			b.on["release"] = func(context.Context, int) error { ended = nil; b.logs = nil; return nil }
			b.server = func() error { return ended }
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			tc.bug(b)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			if tc.stop {
				panics := b.on["load 1gpu/2u"]
				b.on["load 1gpu/2u"] = func(ctx context.Context, n int) error { interrupt(); return panics(ctx, n) }
			}
			o, _ := b.run(ctx, twoDeployments+tc.stages)
			b.mustBeEmpty(o)
			f := o.Failures()
			if len(f) != 1 || stage.ReasonOf(f[0].Err) != stage.ReasonPanic || !strings.Contains(f[0].Err.Error(), "run.boom") {
				t.Fatalf("%v: want one failure, by the panic and with its stack", f)
			}
			kind, key, _ := strings.Cut(tc.fails, " ")
			if at := f[0].Address; at.Kind != kind || !strings.Contains(at.Key, key) {
				t.Errorf("%s failed, want %s", at, tc.fails)
			}
			for _, missing := range o.Missing {
				if strings.Contains(missing.Why, "goroutine") {
					t.Errorf("the tables would hold a stack: %s", missing.Why)
				}
			}
			if o.Count(plan.Load, Done) != tc.loads || b.count("load") != tc.calls {
				t.Errorf("%d loads done, of %d begun: want %d, %d\n%s", o.Count(plan.Load, Done), b.count("load"), tc.loads, tc.calls, states(o))
			}
		})
	}
}

// firstTime does what f does when it is called first, and nothing after that.
func firstTime(f func() error) func() error {
	called := false
	return func() error {
		if called {
			return nil
		}
		called = true
		return f()
	}
}

// A panic on the way to a release keeps no deployment alive: it is released past what panicked.
func TestAPanicBeforeAReleaseIsPassedBy(t *testing.T) {
	for name, on := range map[string]string{"of the stage": "teardown 1gpu", "of the release": "release 1gpu"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.on[on] = func(_ context.Context, n int) error {
				if n == 1 {
					return boom()
				}
				return nil
			}
			o, _ := b.run(t.Context(), twoDeployments)
			b.mustBeEmpty(o)
			f := o.Failures()
			if len(f) != 1 || f[0].Address.Kind != plan.Teardown || stage.ReasonOf(f[0].Err) != stage.ReasonPanic {
				t.Errorf("%v: want one failure, of the teardown by the panic", f)
			}
			if o.Count(plan.Load, Done) != 4 {
				t.Errorf("the second deployment has no room:\n%s", states(o))
			}
		})
	}
}

func TestAPanicOfAnAdopterReleases(t *testing.T) {
	b := newBench(t)
	b.die(twoDeployments)
	b.adoptable = boom
	b.adopt = func(string) error { return nil }
	o, seen := b.run(t.Context(), twoDeployments)
	b.mustBeEmpty(o)
	if first := seen.events[0]; first.Reason != stage.ReasonPanic || !strings.Contains(first.Message, "run.boom") {
		t.Errorf("first event %+v, want the panic", first)
	}
}

func TestAPanicOfAReleaseIsNamedAsAlive(t *testing.T) {
	b := newBench(t)
	b.on["release 1gpu"] = func(context.Context, int) error { return boom() }
	o, _ := b.run(t.Context(), twoDeployments)
	if len(o.Alive) != 1 || o.Alive[0].State != journal.Releasing {
		t.Errorf("alive %+v", o.Alive)
	}
	f := o.Failures()
	if len(f) != 1 || f[0].Address.Kind != plan.Teardown || stage.ReasonOf(f[0].Err) != stage.ReasonPanic {
		t.Errorf("%v", f)
	}
}

// brittle is a view that panics at an event, in the goroutine that tells it.
type brittle struct {
	at   event.Type
	kind string // of the step; empty: any
}

func (s *brittle) Emit(e event.Event) {
	if e.Type == s.at && (s.kind == "" || s.kind == e.Step.Kind) {
		panic("boom")
	}
}

// runBefore runs two deployments before a view that may panic.
func (b *bench) runBefore(view event.Sink) (Outcome, error) {
	b.t.Helper()
	dir := filepath.Join(b.dir, "run-1")
	must(b.t, os.MkdirAll(dir, 0o755))
	store, err := checkpoint.Open(filepath.Join(b.dir, "store"))
	must(b.t, err)
	j, err := journal.Open(journal.Config{
		Path: filepath.Join(b.dir, "journal.jsonl"), Run: "run-1", Now: time.Now,
	})
	must(b.t, err)
	defer j.Close()
	return Run(b.t.Context(), Config{
		ID: "run-1", Dir: dir, Plan: b.plan(twoDeployments, store), Kinds: b.kinds(), Store: store, Journal: j,
		Events: event.NewBus("run-1", time.Now, view), Now: time.Now, Getenv: func(string) string { return "" },
	})
}

// A view that panics leaves nothing running, whether it hits the executor's own loop or a step: no
// deployment, no watch, no goroutine.
func TestAPanicOfTheExecutorReleasesEverything(t *testing.T) {
	for at, loop := range map[event.Type]bool{event.StepDone: true, event.StepFailed: true, event.StepStarted: false, event.ResourceReady: false} {
		t.Run(string(at), func(t *testing.T) {
			b := newBench(t)
			open := 0
			b.watch = func() error { open++; return nil }
			b.close = func() error { open--; return nil }
			b.on["load 1gpu/2u"] = func(context.Context, int) error { return errors.New("refused") }
			o, err := b.runBefore(&brittle{at: at})
			b.mustBeEmpty(o)
			if open != 0 {
				t.Errorf("%d watches are open", open)
			}
			if loop {
				if crew.PanicIn(err) == nil || o.End != Interrupted || b.count("release") != 1 {
					t.Errorf("Run = %v, %q, %v: want the panic, and what the first deploy step made released", err, o.End, b.calls)
				}
				return
			}
			f := o.Failures()
			if err != nil || len(f) == 0 || stage.ReasonOf(f[0].Err) != stage.ReasonPanic {
				t.Errorf("Run = %v, %v: want steps that failed by the panic", err, f)
			}
		})
	}
}

// A view that panics as a teardown begins keeps no deployment alive, and one that panics as the run ends hides
// none that is.
func TestAViewThatPanicsLate(t *testing.T) {
	t.Run("as a teardown begins", func(t *testing.T) {
		b := newBench(t)
		o, err := b.runBefore(&brittle{at: event.StepStarted, kind: plan.Teardown})
		b.mustBeEmpty(o)
		if f := o.Failures(); err != nil || len(f) != 2 || stage.ReasonOf(f[0].Err) != stage.ReasonPanic {
			t.Errorf("Run = %v, %v: want both teardowns to fail by the panic", err, f)
		}
	})
	t.Run("as the run ends", func(t *testing.T) {
		b := newBench(t)
		b.on["release 1gpu"] = func(context.Context, int) error { return errors.New("api is down") }
		o, err := b.runBefore(&brittle{at: event.RunEnded})
		if crew.PanicIn(err) == nil || len(o.Alive) != 1 {
			t.Errorf("Run = %v, alive %v: want the panic and what is alive", err, o.Alive)
		}
	})
}
