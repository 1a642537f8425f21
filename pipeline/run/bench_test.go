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
func (empty) Run(context.Context, stage.Env, stage.Task) error { return nil }

// BenchmarkScheduler runs plans of empty steps in chains of ten. ns/step is the executor's own cost; the ratio of its values tells whether
// it grows with the size of the plan.
func BenchmarkScheduler(b *testing.B) {
	for _, steps := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(steps), func(b *testing.B) {
			p := &plan.Plan{Policies: map[string]plan.Policy{"warmup": {Attempts: 1}}}
			for i := range steps {
				step := plan.Step{Address: addr.Step{Kind: "warmup", Name: "x", Key: fmt.Sprint(i)}, Class: stage.Effect, Action: plan.Run}
				if i%10 > 0 {
					step.Needs = []addr.Step{{Kind: "warmup", Name: "x", Key: fmt.Sprint(i - 1)}}
				}
				p.Steps = append(p.Steps, step)
			}
			for b.Loop() {
				runEmpty(b, p)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*steps), "ns/step")
		})
	}
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
