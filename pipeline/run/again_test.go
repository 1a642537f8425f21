package run

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/plan"
)

func TestMoreTrialsAreAddedAndChangeNothing(t *testing.T) {
	b := newBench(t)
	for i, tc := range []struct {
		more             int
		measured, reused int
	}{
		{0, 4, 0},
		{2, 8, 4}, // t2 and t3 of each cell
		{0, 0, 4}, // the suite's own are what they were
		{1, 0, 8},
		{3, 4, 12},
	} {
		b.ask = func(c *plan.Config) { c.MoreTrials = tc.more }
		o, _ := b.run(t.Context(), twoDeployments)
		if o.Measured() != tc.measured || o.Reused() != tc.reused {
			t.Errorf("run %d, +%d trials: %d measured, %d used again\n%s", i+1, tc.more, o.Measured(), o.Reused(), states(o))
		}
	}
	if calls := strings.Join(b.calls, "\n"); !strings.Contains(calls, "load m/h100/1gpu/2u/64x16/t4") || strings.Contains(calls, "/t3") {
		t.Errorf("the last run measured\n%s", calls)
	}
}

// asides counts the results that were put aside.
func (b *bench) asides() int {
	b.t.Helper()
	found, err := fs.Glob(os.DirFS(b.dir), "store/entries/*/*.*")
	must(b.t, err)
	return len(found)
}

func TestAFreshRunMeasuresEverythingAgain(t *testing.T) {
	b := newBench(t)
	b.run(t.Context(), twoDeployments)
	b.ask = func(c *plan.Config) { c.Fresh = true }
	ctx, interrupt := context.WithCancel(t.Context())
	b.on["load 1gpu/4u"] = func(ctx context.Context, _ int) error {
		interrupt()
		<-ctx.Done()
		return ctx.Err()
	}
	o, _ := b.run(ctx, twoDeployments)
	if o.Measured() != 1 || o.Reused() != 0 || b.asides() != 1 {
		t.Errorf("%d measured, %d put aside", o.Measured(), b.asides())
	}
	clear(b.on)
	b.ask = nil
	o, seen := b.run(t.Context(), twoDeployments)
	if o.Reused() != 4 || b.count("load") != 0 {
		t.Errorf("after a fresh run that was interrupted nothing is lost: %d used again", o.Reused())
	}
	from := map[string]int{}
	for _, e := range seen.events {
		if e.Type == event.StepReused && e.Step.Kind == plan.Load {
			from[e.Message]++
		}
	}
	if from["sealed by run run-1"] != 3 || from["sealed by run run-2"] != 1 {
		t.Errorf("used again: %v", from)
	}
	b.ask = func(c *plan.Config) { c.Fresh = true }
	o, _ = b.run(t.Context(), twoDeployments)
	if o.Measured() != 4 || o.Count(plan.Aggregate, Done) != 1 || o.Count(plan.Plot, Done) != 1 || b.asides() < 5 {
		t.Errorf("%d measured, %d put aside\n%s", o.Measured(), b.asides(), states(o))
	}
	b.ask = nil
	if o, _ = b.run(t.Context(), twoDeployments); len(b.calls) != 0 || o.Reused() != 4 {
		t.Errorf("then: %v", b.calls)
	}
	if _, err := os.Stat(filepath.Join(b.dir, "run-5", "plot.txt")); err != nil {
		t.Error(err)
	}
}
