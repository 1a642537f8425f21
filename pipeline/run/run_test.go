package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zclconf/go-cty/cty"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/event/eventtest"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// bench is the world of a test: stages that write small files and keep count, over a real store and journal.
type bench struct {
	passing func(boundary string) // what a boundary between two writes of the journal or the store does; nil: nothing
	t       *testing.T
	dir     string
	runs    int
	mu      sync.Mutex
	calls   []string                                          // "kind key", as they happened
	on      map[string]func(ctx context.Context, n int) error // by "kind part-of-key": what a call does instead of succeeding
	alive   map[string]bool                                   // resources by token
	most    int                                               // most resources alive at once
	limit   time.Duration                                     // of a run; 0: none
	ask     func(*plan.Config)                                // what is asked of the plan; nil: nothing

	journal *journal.Journal         // of the run
	logs    func() ([]string, error) // what a server's log does; nil: nothing
	close   func() error             // what closing a watch does; nil: nothing is watched
	watch   func() error             // what opening one does; nil: nothing
	server  func() error             // the panic of a server in this process; nil: servers are none
	adopt   func(token string) error // what taking over a resource does; nil: it cannot be done
	// adoptable is what asking for that does; nil: it compares configurations
	adoptable func() error
	ends      time.Time // when the provider ends its resources by itself
}

func newBench(t *testing.T) *bench {
	checkLeaks(t)
	return &bench{t: t, dir: t.TempDir(), on: map[string]func(context.Context, int) error{}, alive: map[string]bool{}}
}

const twoDeployments = `
suite "s" { seed = 1 }
model "m" {
  repo     = "org/m"
  revision = "0123456789012345678901234567890123456789"
}
provider "fake" "p" {}
workload "w" {
  isl      = 64
  osl      = 16
  requests = 64
}
benchmark "b" {
  model    = model.m
  provider = provider.fake.p
  workload = workload.w
  gpu_type = "H100"
  trials   = 1
  matrix {
    gpus  = [1, 2]
    users = [2, 4]
  }
}
`

// queueTimeout stands for the argument of the deploy stage.
var queueTimeout = block.Arg{Name: "queue_timeout", Type: cty.String, Format: block.Duration, Provenance: true}

func (b *bench) plan(text string, store *checkpoint.Store) *plan.Plan {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), "s.hcl")
	must(b.t, os.WriteFile(path, []byte(text), 0o644))
	s, _, diags := suite.Load(path, suite.Options{
		Providers: map[string]block.Body{"fake": {}},
		Stages:    map[string]block.Body{"load": {}, "deploy": {Args: []block.Arg{queueTimeout}}, "warmup": {}, "teardown": {}, "fetch-power": {}, "aggregate": {}, "plot": {}},
	})
	if diags.HasErrors() {
		b.t.Fatal(diags)
	}
	cfg := plan.Config{Suite: s, Kinds: b.kinds(), Store: store}
	if b.ask != nil {
		b.ask(&cfg)
	}
	p, diags, err := plan.Build(cfg)
	if err != nil || diags.HasErrors() {
		b.t.Fatal(err, diags)
	}
	return p
}

// run plans and runs the suite once more over the same store and journal.
func (b *bench) run(ctx context.Context, text string) (Outcome, *recorder) {
	b.t.Helper()
	outcome, seen, err := b.tryRun(ctx, text)
	must(b.t, err)
	return outcome, seen
}

// tryRun is run for what may fail as a whole.
func (b *bench) tryRun(ctx context.Context, text string) (Outcome, *recorder, error) {
	b.t.Helper()
	b.runs++
	b.calls = nil
	id := fmt.Sprintf("run-%d", b.runs)
	dir := filepath.Join(b.dir, id)
	must(b.t, os.MkdirAll(dir, 0o755))
	store, err := checkpoint.Open(filepath.Join(b.dir, "store"))
	must(b.t, err)
	store.Crash = b.passing
	j, err := journal.Open(journal.Config{Path: filepath.Join(b.dir, "journal.jsonl"), Run: id, Now: time.Now, Crash: b.passing})
	must(b.t, err)
	defer j.Close()
	b.journal = j
	seen := &recorder{}
	cfg := Config{
		ID: id, Dir: dir, Plan: b.plan(text, store), Kinds: b.kinds(), Store: store, Journal: j,
		Events: event.NewBus(id, time.Now, seen), Now: time.Now, Getenv: func(string) string { return "" }, Timeout: b.limit,
	}
	cfg.Adopt = Recover(ctx, cfg)
	outcome, err := Run(ctx, cfg)
	eventtest.Check(b.t, seen.events)
	return outcome, seen, err
}

type recorder struct{ events []event.Event }

func (r *recorder) Emit(e event.Event) { r.events = append(r.events, e) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) kinds() map[string]stage.Kind {
	kinds := map[string]stage.Kind{"deploy": &fakeDeploy{b}}
	if b.adopt != nil {
		kinds["deploy"] = &adoptingDeploy{fakeDeploy{b}}
	}
	for kind, class := range map[string]stage.Class{
		"warmup": stage.Effect, "load": stage.Measure, "fetch-power": stage.Measure,
		"aggregate": stage.Pure, "plot": stage.Pure, "teardown": stage.Resource,
	} {
		kinds[kind] = &fakeStage{b, kind, class}
	}
	if b.close != nil {
		kinds["fetch-power"] = &watchingStage{fakeStage{b, "fetch-power", stage.Measure}}
	}
	return kinds
}

// called notes a call and returns what the test wants of it.
func (b *bench) called(ctx context.Context, step addr.Step) error {
	name := strings.TrimSpace(step.Kind + " " + step.Key)
	b.mu.Lock()
	b.calls = append(b.calls, name)
	n := 0
	for _, c := range b.calls {
		if c == name {
			n++
		}
	}
	var act func(context.Context, int) error
	for pattern, f := range b.on {
		if kind, key, _ := strings.Cut(pattern, " "); kind == step.Kind && strings.Contains(step.Key, key) {
			act = f
		}
	}
	b.mu.Unlock()
	if act != nil {
		return act(ctx, n)
	}
	return nil
}

func (b *bench) count(kind string) int {
	n := 0
	for _, c := range b.calls {
		if strings.HasPrefix(c, kind+" ") || c == kind {
			n++
		}
	}
	return n
}

type fakeStage struct {
	b     *bench
	kind  string
	class stage.Class
}

func (s *fakeStage) Name() string       { return s.kind }
func (s *fakeStage) Class() stage.Class { return s.class }
func (s *fakeStage) Revision() int      { return 1 }

func (s *fakeStage) Timeout() time.Duration { return time.Hour }

func (s *fakeStage) Run(ctx context.Context, _ stage.Env, task stage.Task) error {
	if err := s.b.called(ctx, task.Address); err != nil {
		return err
	}
	if s.kind == "teardown" {
		return task.Incarnation.Release(ctx)
	}
	var text strings.Builder
	for _, in := range task.Inputs {
		if in.Failure != "" {
			fmt.Fprintf(&text, "%s failed: %s\n", in.Address, in.Failure)
		} else if s.class == stage.Pure {
			content, err := os.ReadFile(filepath.Join(in.Dir, in.Address.Kind+".txt"))
			if err != nil {
				return err
			}
			fmt.Fprintf(&text, "%s %d\n", in.Address, len(content))
		}
	}
	return os.WriteFile(filepath.Join(task.Dir, s.kind+".txt"), []byte(text.String()), 0o644)
}

// watchingStage is a fakeStage that watches incarnations.
type watchingStage struct{ fakeStage }

func (s *watchingStage) Watch(context.Context, stage.Env, stage.Task) (stage.Watch, error) {
	if s.b.watch != nil {
		if err := s.b.watch(); err != nil {
			return nil, err
		}
	}
	return watchFunc(s.b.close), nil
}

type watchFunc func() error

func (w watchFunc) Close() error { return w() }

type fakeDeploy struct{ b *bench }

func (d *fakeDeploy) Name() string       { return "deploy" }
func (d *fakeDeploy) Class() stage.Class { return stage.Resource }
func (d *fakeDeploy) Revision() int      { return 1 }

func (d *fakeDeploy) Timeout() time.Duration { return time.Hour }

func (d *fakeDeploy) Acquire(ctx context.Context, env stage.Env, task stage.Task, ledger stage.Ledger) (stage.Live, error) {
	record := stage.Record{Token: fmt.Sprint(env.RunID, task.Address.Key, "-", task.Attempt), ID: "id-" + task.Address.Key, SpecDigest: string(task.Config), Deadline: d.b.ends}
	if err := d.b.called(ctx, addr.Step{Kind: "intend", Key: task.Address.Key}); err != nil {
		return nil, err
	}
	if err := ledger.Intend(record); err != nil {
		return nil, err
	}
	d.b.mu.Lock()
	d.b.alive[record.Token] = true
	d.b.most = max(d.b.most, len(d.b.alive))
	d.b.mu.Unlock()
	if err := ledger.Created(record.Token, record.ID); err != nil {
		return nil, err
	}
	if err := d.b.called(ctx, task.Address); err != nil {
		return nil, err
	}
	return fakeLive{recordOnly{record}, d.b}, nil
}

func (d *fakeDeploy) Release(ctx context.Context, _ stage.Env, record stage.Record) error {
	if err := d.b.called(ctx, addr.Step{Kind: "release", Key: record.Token}); err != nil {
		return err
	}
	d.b.mu.Lock()
	defer d.b.mu.Unlock()
	delete(d.b.alive, record.Token)
	return nil
}

// adoptingDeploy is a fakeDeploy that can take over what another process has left.
type adoptingDeploy struct{ fakeDeploy }

func (d *adoptingDeploy) Adoptable(config json.RawMessage, record stage.Record) error {
	if d.b.adoptable != nil {
		return d.b.adoptable()
	}
	if record.SpecDigest != string(config) {
		return errors.New("its configuration has changed")
	}
	return nil
}

func (d *adoptingDeploy) Adopt(_ context.Context, _ stage.Env, _ stage.Task, record stage.Record) (stage.Live, error) {
	if err := d.b.adopt(record.Token); err != nil {
		return nil, err
	}
	return fakeLive{recordOnly{record}, d.b}, nil
}

type fakeLive struct {
	recordOnly
	b *bench
}

func (l fakeLive) Logs(context.Context, int) ([]string, error) {
	if l.b.logs == nil {
		return nil, nil
	}
	return l.b.logs()
}

func (l fakeLive) Panicked() error {
	if l.b.server == nil {
		return nil
	}
	return l.b.server()
}

func (l fakeLive) Alive(context.Context) error {
	l.b.mu.Lock()
	defer l.b.mu.Unlock()
	if !l.b.alive[l.record.Token] {
		return errors.New("exit status 1")
	}
	return nil
}

func states(o Outcome) string {
	var lines []string
	for _, r := range o.Steps {
		lines = append(lines, fmt.Sprintf("%s %s", strings.TrimSpace(r.Address.Kind+" "+r.Address.Key), r.State))
	}
	return strings.Join(lines, "\n")
}

func (b *bench) mustBeEmpty(o Outcome) {
	b.t.Helper()
	if len(b.alive) > 0 || len(o.Alive) > 0 {
		b.t.Errorf("still alive: %v, in the journal: %v", b.alive, o.Alive)
	}
}

func TestRunMeasuresEveryCellAndTearsDown(t *testing.T) {
	b := newBench(t)
	o, seen := b.run(t.Context(), twoDeployments)
	want := strings.TrimSpace(`
deploy m/h100/1gpu done
warmup m/h100/1gpu done
load m/h100/1gpu/2u/64x16/t1 done
fetch-power m/h100/1gpu/2u/64x16/t1 done
load m/h100/1gpu/4u/64x16/t1 done
fetch-power m/h100/1gpu/4u/64x16/t1 done
teardown m/h100/1gpu done
deploy m/h100/2gpu done
warmup m/h100/2gpu done
load m/h100/2gpu/2u/64x16/t1 done
fetch-power m/h100/2gpu/2u/64x16/t1 done
load m/h100/2gpu/4u/64x16/t1 done
fetch-power m/h100/2gpu/4u/64x16/t1 done
teardown m/h100/2gpu done
aggregate done
plot done`)
	if diff := cmp.Diff(want, states(o)); diff != "" {
		t.Error(diff)
	}
	b.mustBeEmpty(o)
	if b.most != 1 {
		t.Errorf("%d deployments at once; a provider without a quota has one", b.most)
	}
	for _, file := range []string{"aggregate.txt", "plot.txt"} {
		if _, err := os.Stat(filepath.Join(b.dir, "run-1", file)); err != nil {
			t.Error(err)
		}
	}
	if last := seen.events[len(seen.events)-1]; last.Type != event.RunEnded || last.Message != "4 cells measured, 0 used again" {
		t.Errorf("last event %+v", last)
	}
}

func TestSecondRunDoesNoLoad(t *testing.T) {
	b := newBench(t)
	b.run(t.Context(), twoDeployments)
	o, seen := b.run(t.Context(), twoDeployments)
	if len(b.calls) != 0 {
		t.Errorf("calls of the second run: %v", b.calls)
	}
	if o.Count(plan.Load, Reused) != 4 || o.Count(plan.Plot, Reused) != 1 || o.Count(plan.Deploy, Skipped) != 2 {
		t.Error(states(o))
	}
	if _, err := os.Stat(filepath.Join(b.dir, "run-2", "plot.txt")); err != nil {
		t.Errorf("the report of a run that reuses everything: %v", err)
	}
	if !slices.ContainsFunc(seen.events, func(e event.Event) bool {
		return e.Type == event.StepReused && e.Step.Kind == "load" && e.Message == "sealed by run run-1"
	}) {
		t.Error("no event says which run sealed the cells")
	}
}

func TestOnlyWhatChangedRuns(t *testing.T) {
	b := newBench(t)
	b.run(t.Context(), twoDeployments)
	renamed := strings.ReplaceAll(twoDeployments, `"w"`, `"chat"`)
	renamed = strings.ReplaceAll(renamed, "workload.w", "workload.chat # a comment")
	if o, _ := b.run(t.Context(), renamed); o.Count(plan.Load, Done) != 0 || b.count("aggregate") != 1 {
		t.Errorf("after renaming the workload: %v", b.calls)
	}
	grown := strings.Replace(twoDeployments, "users = [2, 4]", "users = [2, 4, 8]", 1)
	if o, _ := b.run(t.Context(), grown); o.Count(plan.Load, Done) != 2 || o.Count(plan.Load, Reused) != 4 {
		t.Errorf("after adding a user count: %v", b.calls)
	}
	longer := strings.Replace(twoDeployments, "requests = 64", "requests = 65", 1)
	if o, _ := b.run(t.Context(), longer); o.Count(plan.Load, Done) != 4 {
		t.Errorf("after changing the requests: %v", b.calls)
	}
	p := b.plan(strings.Replace(twoDeployments, "requests = 64", "requests = 66", 1), mustOpen(t, b))
	if i := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.Address.Kind == "load" }); p.Steps[i].Reason != "workload.requests: 65 → 66" {
		t.Errorf("reason %q", p.Steps[i].Reason)
	}
}

func TestAMovedBenchmarkKeepsItsHistory(t *testing.T) {
	b := newBench(t)
	b.run(t.Context(), twoDeployments)
	renamed := strings.Replace(twoDeployments, `benchmark "b"`, `benchmark "chat"`, 1)
	renamed = strings.Replace(renamed, "requests = 64", "requests = 66", 1) + "moved {\n  from = benchmark.b\n  to   = benchmark.chat\n}\n"
	p := b.plan(renamed, mustOpen(t, b))
	if i := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.Address.Kind == "load" }); p.Steps[i].Reason != "workload.requests: 64 → 66" {
		t.Errorf("%s: reason %q", p.Steps[i].Address, p.Steps[i].Reason)
	}
}

func mustOpen(t *testing.T, b *bench) *checkpoint.Store {
	t.Helper()
	store, err := checkpoint.Open(filepath.Join(b.dir, "store"))
	must(t, err)
	return store
}

func TestAFailedCellIsARowAndTheOthersGoOn(t *testing.T) {
	for _, kind := range []string{"load", "fetch-power"} {
		t.Run(kind, func(t *testing.T) {
			b := newBench(t)
			b.on[kind+" 1gpu/2u"] = func(context.Context, int) error {
				return stage.Failf(stage.Permanent, "errors", "every request failed")
			}
			o, _ := b.run(t.Context(), twoDeployments)
			if len(o.Failures()) != 1 || o.Count(plan.FetchPower, Done) != 3 || o.Count(plan.Plot, Done) != 1 {
				t.Error(states(o))
			}
			b.mustBeEmpty(o)
			text, err := os.ReadFile(filepath.Join(b.dir, "run-1", "aggregate.txt"))
			must(t, err)
			if want := "2u/64x16/t1\"] failed: " + kind + ": errors: every request failed"; strings.Count(string(text), want) != 2 {
				t.Errorf("the tables do not say %q:\n%s", want, text)
			}
			delete(b.on, kind+" 1gpu/2u")
			o, _ = b.run(t.Context(), twoDeployments)
			if o.Count(plan.Load, Done) != 1 || o.Count(plan.Load, Reused) != 3 || b.count("load") != 1 {
				t.Errorf("the next run: %s", states(o))
			}
		})
	}
}

func TestAFailedDeploymentBlocksItsCellsAlone(t *testing.T) {
	b := newBench(t)
	b.on["deploy 1gpu"] = func(context.Context, int) error {
		return stage.Failf(stage.Permanent, "cuda_oom", "CUDA out of memory")
	}
	o, _ := b.run(t.Context(), twoDeployments)
	b.mustBeEmpty(o) // the fake leaves what it created to the journal
	if o.Count(plan.Load, Blocked) != 2 || o.Count(plan.Load, Done) != 2 || o.Count(plan.Teardown, Done) != 2 {
		t.Error(states(o))
	}
	for _, r := range o.Steps {
		if r.State == Blocked && r.Address.Kind == plan.Load && !strings.Contains(r.Err.Error(), "CUDA out of memory") {
			t.Errorf("%s does not say why: %v", r.Address, r.Err)
		}
	}
}

func TestARetriedDeploymentHasOneIncarnation(t *testing.T) {
	b := newBench(t)
	b.on["deploy 1gpu"] = func(_ context.Context, n int) error {
		if n < 3 {
			return stage.Failf(stage.Transient, "capacity", "no H100 is free") // what was created stays behind
		}
		return nil
	}
	o, _ := b.run(t.Context(), twoDeployments+"stage \"deploy\" {\n  retry {\n    attempts = 3\n    backoff  = \"1ms\"\n  }\n}\n")
	b.mustBeEmpty(o)
	if b.most != 1 || b.count("release") != 4 || o.Count(plan.Load, Done) != 4 {
		t.Errorf("%d incarnations at once, %d releases\n%s", b.most, b.count("release"), states(o))
	}
}

func TestADeadEndpointFailsItsOtherCellsByName(t *testing.T) {
	b := newBench(t)
	b.on["load 1gpu/2u"] = func(context.Context, int) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		clear(b.alive)
		return errors.New("connection refused")
	}
	o, _ := b.run(t.Context(), twoDeployments)
	b.mustBeEmpty(o)
	if f := o.Failures(); len(f) != 2 || stage.ReasonOf(f[1].Err) != "endpoint_gone" || b.count("load") != 3 {
		t.Errorf("%v\n%v", f, b.calls)
	}
}

func TestOnlyTransientErrorsAreTriedAgain(t *testing.T) {
	retry := twoDeployments + "stage \"load\" {\n  retry {\n    attempts = 3\n    backoff  = \"1ms\"\n  }\n}\n"
	for _, tc := range []struct {
		name     string
		class    stage.ErrorClass
		failures int
		calls    int
		state    State
	}{
		{"passes", stage.Transient, 2, 3, Done},
		{"stays", stage.Transient, 9, 3, Failed},
		{"permanent", stage.Permanent, 9, 1, Failed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t)
			b.on["load 1gpu/2u"] = func(_ context.Context, n int) error {
				if n <= tc.failures {
					return stage.Failf(tc.class, "reset", "connection reset")
				}
				return nil
			}
			o, seen := b.run(t.Context(), retry)
			if got := o.Steps[2].State; got != tc.state {
				t.Errorf("state %s, want %s", got, tc.state)
			}
			calls, retried := 0, 0
			for _, c := range b.calls {
				if c == "load m/h100/1gpu/2u/64x16/t1" {
					calls++
				}
			}
			for _, e := range seen.events {
				if e.Type == event.StepRetried {
					retried++
				}
			}
			if calls != tc.calls || retried != tc.calls-1 {
				t.Errorf("%d calls, %d retries", calls, retried)
			}
			b.mustBeEmpty(o)
		})
	}
}

func TestAStageThatRunsTooLongIsEnded(t *testing.T) {
	b := newBench(t)
	b.on["load 1gpu/2u"] = func(ctx context.Context, _ int) error {
		<-ctx.Done()
		return ctx.Err()
	}
	o, _ := b.run(t.Context(), twoDeployments+"stage \"load\" {\n  timeout = \"20ms\"\n}\n")
	f := o.Failures()
	if len(f) != 1 || stage.ReasonOf(f[0].Err) != "timeout" || !strings.Contains(f[0].Err.Error(), `ran longer than 20ms (stage "load" { timeout })`) {
		t.Errorf("%v", f)
	}
	b.mustBeEmpty(o)
}

func TestNothingOnTheWayToATeardownHoldsItUp(t *testing.T) {
	forever := make(chan struct{})
	for name, prepare := range map[string]func(b *bench){
		"the log hangs":        func(b *bench) { b.logs = func() ([]string, error) { <-forever; return nil, nil } },
		"the log panics":       func(b *bench) { b.logs = func() ([]string, error) { panic("nil map") } },
		"a watch will not end": func(b *bench) { b.close = func() error { <-forever; return nil } },
		"a watch panics":       func(b *bench) { b.close = func() error { panic("nil map") } },
		"the disk is full": func(b *bench) {
			b.on["load 1gpu/4u"] = func(context.Context, int) error {
				attempts := filepath.Join(b.dir, "run-1", "attempts")
				return errors.Join(b.journal.Close(), os.RemoveAll(attempts), os.WriteFile(attempts, nil, 0o644), errors.New("no space left on device"))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				forever = make(chan struct{})
				defer close(forever)
				prepare(b)
				o, _ := b.run(t.Context(), strings.Replace(twoDeployments, "gpus  = [1, 2]", "gpus  = [1]", 1))
				b.mustBeEmpty(o)
				if b.count("release") != 1 {
					t.Errorf("%d releases\n%s", b.count("release"), states(o))
				}
			})
		})
	}
}

func TestInterruptTearsDownAndTheNextRunGoesOn(t *testing.T) {
	b := newBench(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	b.on["load 1gpu/4u"] = func(ctx context.Context, _ int) error {
		interrupt()
		<-ctx.Done()
		return ctx.Err()
	}
	b.on["teardown 1gpu"] = func(ctx context.Context, _ int) error { return ctx.Err() } // the interrupt must not reach it
	o, _ := b.run(ctx, twoDeployments)
	if o.End != Interrupted || o.Count(plan.Load, Done) != 1 || o.Count(plan.Load, Canceled) != 3 || o.Count(plan.Aggregate, Canceled) != 1 || len(o.Failures()) != 0 {
		t.Error(states(o))
	}
	b.mustBeEmpty(o)
	clear(b.on)
	o, _ = b.run(t.Context(), twoDeployments)
	if o.Count(plan.Load, Reused) != 1 || o.Count(plan.Load, Done) != 3 || o.Count(plan.Plot, Done) != 1 {
		t.Errorf("the next run: %s", states(o))
	}
}

func TestWhatCannotBeTornDownIsNamedAndTheNextRunReleasesIt(t *testing.T) {
	b := newBench(t)
	b.on["release 1gpu"] = func(context.Context, int) error { return errors.New("api is down") }
	o, _ := b.run(t.Context(), twoDeployments)
	if len(o.Alive) != 1 || o.Alive[0].Record.ID != "id-m/h100/1gpu" || o.Alive[0].State != journal.Releasing {
		t.Errorf("alive %+v", o.Alive)
	}
	if o.Count(plan.Deploy, Blocked) != 1 || o.Count(plan.Load, Done) != 2 {
		t.Errorf("the second deployment has no room:\n%s", states(o))
	}
	clear(b.on)
	o, seen := b.run(t.Context(), twoDeployments)
	b.mustBeEmpty(o)
	if o.Count(plan.Load, Done) != 2 || o.Count(plan.Load, Reused) != 2 {
		t.Error(states(o))
	}
	if !strings.Contains(seen.events[0].Message, "run run-1 left deploy.fake.p[\"m/h100/1gpu\"] releasing; releasing it") {
		t.Errorf("first event %+v", seen.events[0])
	}
}

func TestEqualCellsAreMeasuredOnce(t *testing.T) {
	b := newBench(t)
	twice := twoDeployments + strings.Replace(twoDeployments[strings.Index(twoDeployments, "benchmark"):], `"b"`, `"again"`, 1)
	o, _ := b.run(t.Context(), twice)
	if b.count("load") != 4 || o.Measured() != 4 || o.Reused() != 4 || len(o.Missing) != 0 {
		t.Errorf("%d loads, %d measured, %d used again\n%s", b.count("load"), o.Measured(), o.Reused(), states(o))
	}
	b.mustBeEmpty(o)

	b = newBench(t)
	b.on["load 1gpu/2u"] = func(context.Context, int) error {
		return stage.Failf(stage.Permanent, "errors", "every request failed")
	}
	o, _ = b.run(t.Context(), twice)
	if len(o.Missing) != 2 || !strings.Contains(o.Missing[1].Why, "every request failed") || o.Measured() != 3 {
		t.Errorf("a failed cell's twin: %+v\n%s", o.Missing, states(o))
	}
}

func TestDeploymentsShareAQuota(t *testing.T) {
	b := newBench(t)
	wide := strings.Replace(twoDeployments, `provider "fake" "p" {}`, "provider \"fake\" \"p\" {\n  quota = { H100 = 6 }\n}", 1)
	wide = strings.Replace(wide, "gpus  = [1, 2]", "gpus  = [1, 2, 3, 4, 5, 6]", 1)
	held, most := 0, 0
	o, seen := b.run(t.Context(), wide)
	for _, e := range seen.events {
		if e.Step != nil && e.Step.Kind == plan.Deploy {
			var n int
			_, err := fmt.Sscanf(e.Step.Key, "m/h100/%dgpu", &n)
			must(t, err)
			switch e.Type {
			case event.ResourceIntent:
				held += n
			case event.ResourceGone:
				held -= n
			}
			most = max(most, held)
		}
	}
	if most > 6 || o.Count(plan.Load, Done) != 12 {
		t.Errorf("%d GPUs held at once, quota 6\n%s", most, states(o))
	}
	if b.most < 2 {
		t.Error("no two deployments ran side by side")
	}
}

func TestPlanIsTheSameTwice(t *testing.T) {
	b := newBench(t)
	var texts []string
	for range 2 {
		text, err := json.Marshal(b.plan(twoDeployments, nil))
		must(t, err)
		texts = append(texts, string(text))
	}
	if diff := cmp.Diff(texts[0], texts[1]); diff != "" {
		t.Error(diff)
	}
}
