package run

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// oneDeployment is twoDeployments without the second.
var oneDeployment = strings.Replace(twoDeployments, "gpus  = [1, 2]", "gpus  = [1]", 1)

// What is protected: the store. A pure step that failed is not sealed, so that the next run makes its files.
func TestAPureStepThatFailedIsNotSealed(t *testing.T) {
	b := newBench(t)
	b.on["aggregate"] = func(context.Context, int) error { return stage.Failf(stage.Permanent, "odd", "no tables") }
	o, _ := b.run(t.Context(), oneDeployment)
	if f := o.Failures(); len(f) != 1 || stage.ReasonOf(f[0].Err) != "odd" || o.Count(plan.Plot, Blocked) != 1 {
		t.Errorf("%v\n%s", f, states(o))
	}
	clear(b.on)
	o, _ = b.run(t.Context(), oneDeployment)
	if o.Count(plan.Aggregate, Done) != 1 || o.Count(plan.Plot, Done) != 1 || o.Count(plan.Load, Reused) != 2 {
		t.Errorf("the next run: %s", states(o))
	}
	if _, err := os.Stat(filepath.Join(b.dir, "run-2", "aggregate.txt")); err != nil {
		t.Error(err)
	}
}

// What is protected: that the report is cut off early. A cell that is measured again and comes out equal changes no table and no chart.
func TestEqualInputsMakeNoNewReport(t *testing.T) {
	b := newBench(t)
	b.run(t.Context(), oneDeployment)
	b.ask = func(cfg *plan.Config) { cfg.Replace = []addr.Selector{mustSelect(t, "load.b")} }
	o, seen := b.run(t.Context(), oneDeployment)
	if o.Measured() != 2 || b.count("aggregate")+b.count("plot") != 0 || o.Count(plan.Plot, Reused) != 1 {
		t.Errorf("%v\n%s", b.calls, states(o))
	}
	if !slices.ContainsFunc(seen.events, func(e event.Event) bool {
		return e.Type == event.StepReused && e.Step.Kind == plan.Aggregate && e.Message == "its inputs are as they were"
	}) {
		t.Error("no event says why the tables are not made again")
	}
	if _, err := os.Stat(filepath.Join(b.dir, "run-2", "plot.txt")); err != nil {
		t.Error(err)
	}
}

func mustSelect(t *testing.T, text string) addr.Selector {
	t.Helper()
	s, err := addr.ParseSelector(text)
	must(t, err)
	return s
}

// What is protected: results. A cell that could not be sealed is not done, and a report that could not be shown is not there; both are told.
func TestWhatCannotBeWrittenIsAFailure(t *testing.T) {
	for name, tc := range map[string]struct {
		on   string
		harm func(b *bench) error
		want string
		kind string // of the step that fails
	}{
		"the store takes nothing": {"load 1gpu/4u", func(b *bench) error {
			return os.RemoveAll(filepath.Join(b.dir, "store", "tmp"))
		}, "seal checkpoint: ", plan.FetchPower},
		"the run's folder takes nothing": {"aggregate", func(b *bench) error {
			return os.MkdirAll(filepath.Join(b.dir, "run-1", "aggregate.txt", "full"), 0o755)
		}, "publish results: ", plan.Aggregate},
		"an attempt has no folder": {"load 1gpu/2u", func(b *bench) error {
			attempts := filepath.Join(b.dir, "run-1", "attempts")
			return errors.Join(os.RemoveAll(attempts), os.WriteFile(attempts, nil, 0o644), errors.New("every request failed"))
		}, "make folder of attempt: ", plan.Load},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.on[tc.on] = func(context.Context, int) error { return tc.harm(b) }
			o, _ := b.run(t.Context(), oneDeployment)
			b.mustBeEmpty(o)
			if !slices.ContainsFunc(o.Failures(), func(r Result) bool {
				return r.Address.Kind == tc.kind && strings.Contains(r.Err.Error(), tc.want)
			}) {
				t.Errorf("no %s fails with %q: %v\n%s", tc.kind, tc.want, o.Failures(), states(o))
			}
			if strings.HasPrefix(tc.want, "make folder") && b.count("load") != 1 {
				t.Errorf("a load without a folder ran: %v", b.calls)
			}
		})
	}
}

// What is protected: power. A kind that watches deployments does so from before the first load until before the release, once for each.
func TestAWatchCoversTheLifeOfADeployment(t *testing.T) {
	b := newBench(t)
	note := func(what string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.calls = append(b.calls, what)
	}
	b.close = func() error { note("closed"); return nil }
	b.watch = func() error { note("watched"); return nil }
	o, _ := b.run(t.Context(), oneDeployment)
	b.mustBeEmpty(o)
	var order []string
	for _, call := range b.calls {
		switch kind, _, _ := strings.Cut(call, " "); kind {
		case "fetch-power", "warmup", "intend":
		case "aggregate", "plot": // run beside the teardown
		default:
			order = append(order, kind)
		}
	}
	if want := []string{"deploy", "watched", "load", "load", "closed", "teardown", "release"}; !slices.Equal(order, want) {
		t.Errorf("got  %v\nwant %v", order, want)
	}
}

// What is protected: the GPUs of others. A deployment that failed before anything was created holds none.
func TestADeploymentThatCameToNothingHoldsNoGPUs(t *testing.T) {
	b := newBench(t)
	b.on["intend 1gpu"] = func(context.Context, int) error { return stage.Failf(stage.Permanent, "bad_config", "no such GPU") }
	o, _ := b.run(t.Context(), twoDeployments)
	b.mustBeEmpty(o)
	if o.Count(plan.Deploy, Done) != 1 || o.Measured() != 2 || o.Count(plan.Teardown, Skipped) != 1 {
		t.Errorf("the other deployment: %s", states(o))
	}
}

// What is protected: the reason of a cell that could not run. It is that of the step at the root, however long the chain.
func TestABlockedStepNamesTheRoot(t *testing.T) {
	b := newBench(t)
	b.on["deploy 1gpu"] = func(context.Context, int) error {
		return stage.Failf(stage.Permanent, "cuda_oom", "CUDA out of memory")
	}
	o, _ := b.run(t.Context(), oneDeployment)
	blocked := 0
	for _, r := range o.Steps {
		if r.State != Blocked {
			continue
		}
		blocked++
		if want := `deploy.fake.p["m/h100/1gpu"]: CUDA out of memory`; r.Err.Error() != want || stage.ReasonOf(r.Err) != "cuda_oom" {
			t.Errorf("%s: %s, %v; want %s", r.Address, stage.ReasonOf(r.Err), r.Err, want)
		}
	}
	if blocked != 5 {
		t.Errorf("%d blocked\n%s", blocked, states(o))
	}
}

// What is protected: what is said of a cell that takes the result of another. It ends as that one does: blocked by its failure, or canceled.
func TestATwinEndsAsTheOtherDoes(t *testing.T) {
	twice := oneDeployment + strings.Replace(oneDeployment[strings.Index(oneDeployment, "benchmark"):], `"b"`, `"again"`, 1)
	for name, tc := range map[string]struct {
		on   func(interrupt func()) func(context.Context, int) error
		want State
	}{
		"failed": {func(func()) func(context.Context, int) error {
			return func(context.Context, int) error { return errors.New("every request failed") }
		}, Blocked},
		"canceled": {func(interrupt func()) func(context.Context, int) error {
			return func(ctx context.Context, _ int) error { interrupt(); <-ctx.Done(); return ctx.Err() }
		}, Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			b.on["load 1gpu/2u"] = tc.on(interrupt)
			o, _ := b.run(ctx, twice)
			b.mustBeEmpty(o)
			for _, r := range o.Steps {
				if r.Address.Kind == plan.Load && r.Address.Name == "again" && strings.Contains(r.Address.Key, "/2u/") && r.State != tc.want {
					t.Errorf("%s is %s (%v), want %s", r.Address, r.State, r.Err, tc.want)
				}
			}
		})
	}
}

// What is protected: the report of a run whose time is over. Tables and charts are made after it, and its end does not reach them.
func TestTheEndOfTheTimeDoesNotReachTheReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.limit = time.Hour
		b.on["load 1gpu/4u"] = takes(2*time.Hour, nil)
		b.on["aggregate"], b.on["plot"] = takes(time.Minute, nil), takes(time.Minute, nil)
		o, _ := b.run(t.Context(), oneDeployment)
		b.mustBeEmpty(o)
		if o.End != TimedOut || o.Count(plan.Aggregate, Done) != 1 || o.Count(plan.Plot, Done) != 1 {
			t.Errorf("end %q\n%s", o.End, states(o))
		}
	})
}

// What is protected: the exit code. A run that is about to end with less is not said to end with more.
func TestAnEndGivesWayToALesserOneAlone(t *testing.T) {
	step := addr.Step{Kind: plan.Load}
	stopped, disk, timedOut, interrupted := stoppedBy(step), stoppedByDisk(step), timedOutAfter(time.Hour), interruptedBy(t.Context())
	for _, tc := range []struct {
		ends     []ending
		want     End
		canceled bool
	}{
		{[]ending{stopped}, Stopped, false},
		{[]ending{disk, stopped}, DiskFailed, false},
		{[]ending{stopped, disk}, Stopped, false},
		{[]ending{stopped, timedOut, disk}, TimedOut, true},
		{[]ending{timedOut, interrupted, stopped}, Interrupted, true},
		{[]ending{interrupted, timedOut, interrupted}, Interrupted, true},
	} {
		canceled := 0
		e := &executor{cancelWork: func(error) { canceled++ }}
		for _, end := range tc.ends {
			e.endRun(end)
		}
		if e.ending.end != tc.want || (canceled > 0) != tc.canceled {
			t.Errorf("%v: ends %q, canceled %d times", tc.ends, e.ending.end, canceled)
		}
	}
}

func TestWaitsBetweenAttemptsGrow(t *testing.T) {
	longest := func(attempt int) (most time.Duration) {
		for range 500 {
			most = max(most, jitter(time.Second, attempt))
		}
		return most
	}
	for attempt, ceiling := range map[int]time.Duration{1: time.Second, 3: 4 * time.Second, 8: 2 * time.Minute, 1000: 2 * time.Minute} {
		if got := longest(attempt); got > ceiling || got < ceiling*9/10 {
			t.Errorf("before attempt %d the longest of 500 waits is %s, want just under %s", attempt+1, got, ceiling)
		}
	}
	if got := jitter(0, 3); got != 0 {
		t.Errorf("without a backoff it waits %s", got)
	}
}

// A plan that its maker got wrong, or that was edited, is refused before anything is created.
func TestAPlanWithoutAnOrderIsRefused(t *testing.T) {
	a, c := addr.Step{Kind: "load", Name: "a"}, addr.Step{Kind: "load", Name: "c"}
	for want, steps := range map[string][]plan.Step{
		"plan: load.a waits for load.c, which is not in the plan": {{Address: a, Needs: []addr.Step{c}}},
		"plan: ": {{Address: a, After: []addr.Step{c}}, {Address: c, Uses: []addr.Step{a}}},
	} {
		_, err := newExecutor(Config{Plan: &plan.Plan{Steps: steps}, Store: &checkpoint.Store{}})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
