package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// empty is a stage that does nothing.
type empty struct{}

func (empty) Name() string                                     { return "warmup" }
func (empty) Class() stage.Class                               { return stage.Effect }
func (empty) Revision() int                                    { return 1 }
func (empty) Timeout() time.Duration                           { return time.Minute }
func (empty) Run(context.Context, stage.Env, stage.Task) error { return nil }

// BenchmarkScheduler runs a plan of 10,000 empty steps in chains of ten, and in the same breath as many steps in plans of 100. ns/step is the
// executor's own cost, a folder and two events for each step among it; growth is what a step costs more in the large plan: 1 if the cost is linear.
func BenchmarkScheduler(b *testing.B) {
	const large, small = 10_000, 100
	var inLarge, inSmall time.Duration
	for b.Loop() {
		begun := time.Now()
		runEmpty(b, emptyPlan(large))
		inLarge += time.Since(begun)
		begun = time.Now()
		for range large / small {
			runEmpty(b, emptyPlan(small))
		}
		inSmall += time.Since(begun)
	}
	b.ReportMetric(float64(inLarge.Nanoseconds())/float64(b.N*large), "ns/step")
	b.ReportMetric(float64(inLarge)/float64(inSmall), "growth")
}

func emptyPlan(steps int) *plan.Plan {
	p := &plan.Plan{Policies: map[string]plan.Policy{"warmup": {Timeout: stage.Duration(time.Minute), Attempts: 1}}}
	for i := range steps {
		step := plan.Step{Address: addr.Step{Kind: "warmup", Name: "x", Key: fmt.Sprint(i)}, Class: stage.Effect, Action: plan.Run}
		if i%10 > 0 {
			step.Needs = []addr.Step{{Kind: "warmup", Name: "x", Key: fmt.Sprint(i - 1)}}
		}
		p.Steps = append(p.Steps, step)
	}
	return p
}

func runEmpty(b *testing.B, p *plan.Plan) {
	dir := b.TempDir()
	store, err := checkpoint.Open(filepath.Join(dir, "store"))
	if err != nil {
		b.Fatal(err)
	}
	j, err := journal.Open(journal.Config{Path: filepath.Join(dir, "journal.jsonl"), Run: "r", Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	file, err := os.Create(filepath.Join(dir, "events.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	outcome, err := Run(context.Background(), Config{
		ID: "r", Dir: dir, Plan: p, Kinds: map[string]stage.Kind{"warmup": empty{}}, Store: store, Journal: j,
		Events: event.NewBus("r", time.Now, event.NewLines(file)), Now: time.Now, Getenv: os.Getenv,
	})
	if err != nil || outcome.Count("warmup", Done) != len(p.Steps) {
		b.Fatal(err, states(outcome))
	}
}
