package run

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/plan"
)

// die runs the suite as a process that is killed while the first cell of the first deployment is loaded, and leaves everything as it was then.
func (b *bench) die(text string) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	b.on["load 1gpu/2u"] = func(context.Context, int) error {
		cancel()
		return errors.New("killed")
	}
	b.on["release"] = func(context.Context, int) error { return errors.New("killed") } // so that the resource stays
	b.run(ctx, text)
	clear(b.on)
	// A teardown that failed is in the journal as releasing; one that never began left the resource ready.
	j, err := journal.Open(journal.Config{Path: filepath.Join(b.dir, "journal.jsonl"), Run: "run-1", Now: time.Now})
	must(b.t, err)
	for _, e := range j.Live() {
		must(b.t, j.Mark(e.Record.Token, journal.Ready))
	}
	must(b.t, j.Close())
}

// locked is a recorder for events that are not in order.
type locked struct {
	mu sync.Mutex
	recorder
}

func (l *locked) Emit(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.recorder.Emit(e)
}

func (l *locked) all() []event.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

func notes(events []event.Event) string {
	var text []string
	for _, e := range events {
		if e.Type == event.Note || e.Type == event.ResourceAdopted {
			text = append(text, string(e.Type)+" "+e.Message)
		}
	}
	return strings.Join(text, "\n")
}

func TestALivingDeploymentIsAdopted(t *testing.T) {
	b := newBench(t)
	b.adopt = func(string) error { return nil }
	b.die(twoDeployments)
	o, seen := b.run(t.Context(), twoDeployments)
	b.mustBeEmpty(o)
	// The first deployment was there: it is warmed up again, since what it was warmed up for was another run.
	if b.count("deploy") != 1 || b.count("warmup") != 2 || o.Measured() != 4 || b.count("release") != 2 {
		t.Errorf("%v\n%s", b.calls, states(o))
	}
	if got := notes(seen.events); got != "resource_adopted run-1" {
		t.Errorf("told: %s", got)
	}
}

func TestWhatCannotBeAdoptedIsMadeAnew(t *testing.T) {
	longer := strings.Replace(twoDeployments, "requests = 64", "requests = 640000", 1)
	for name, tc := range map[string]struct {
		prepare func(b *bench)
		suite   string
		told    string
		deploys int
	}{
		"it is gone": {
			func(b *bench) { b.adopt = func(string) error { return errors.New("it is gone") } }, twoDeployments,
			"id-m/h100/1gpu, which run run-1 left, cannot be used: it is gone; making it anew", 2,
		},
		"the stage cannot": {
			func(b *bench) { b.adopt = nil }, twoDeployments,
			"run run-1 left deploy.fake.p[\"m/h100/1gpu\"] ready; releasing it: it cannot be taken over", 2,
		},
		"its configuration changed": {
			func(*bench) {}, strings.Replace(twoDeployments, "0123456789012", "1123456789012", 1),
			"releasing it: its configuration has changed", 2,
		},
		"nothing is measured on it": {
			func(*bench) {}, strings.Replace(twoDeployments, "gpus  = [1, 2]", "gpus  = [2]", 1),
			"releasing it: nothing is to be measured on it", 1,
		},
		"it ends too early": {
			func(b *bench) { b.ends = time.Now().Add(time.Hour) }, longer,
			"are over that its cells may take", 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.adopt = func(string) error { return nil }
			tc.prepare(b)
			if tc.suite == longer {
				b.die(longer)
			} else {
				b.die(twoDeployments)
			}
			tc.prepare(b)
			o, seen := b.run(t.Context(), tc.suite)
			b.mustBeEmpty(o)
			if !strings.Contains(notes(seen.events), tc.told) || b.count("deploy") != tc.deploys || len(o.Failures()) != 0 {
				t.Errorf("%d deployments made, told:\n%s\n%s", b.count("deploy"), notes(seen.events), states(o))
			}
			if b.most != 1 {
				t.Errorf("%d at once", b.most)
			}
		})
	}
}

func TestWhatWasKeptAndNotAdoptedIsReleased(t *testing.T) {
	b := newBench(t)
	b.adopt = func(string) error { return nil }
	b.die(twoDeployments)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // before the deploy step has its turn
	o, _ := b.run(ctx, twoDeployments)
	b.mustBeEmpty(o)
	if b.count("deploy") != 0 || b.count("release") != 1 || o.End != Interrupted {
		t.Errorf("%v, end %q", b.calls, o.End)
	}
}

func TestRecoveryIsNotHeldUpByOneProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.on["release"] = func(context.Context, int) error { return errors.New("api is down") }
		wide := sideBySide(twoDeployments)
		if o, _ := b.run(t.Context(), wide); len(o.Alive) != 2 {
			t.Fatalf("alive %v", o.Alive)
		}
		forever := make(chan struct{})
		defer close(forever)
		clear(b.on)
		b.on["release 1gpu"] = func(context.Context, int) error { <-forever; return nil }
		start := time.Now()
		j, err := journal.Open(journal.Config{Path: filepath.Join(b.dir, "journal.jsonl"), Run: "run-2", Now: time.Now})
		must(t, err)
		defer j.Close()
		seen := &locked{}
		cfg := Config{Plan: &plan.Plan{}, Kinds: b.kinds(), Journal: j, Events: seen, Now: time.Now, Getenv: func(string) string { return "" }}
		left := Destroy(t.Context(), cfg, j.Live(), time.Minute)
		if len(left) != 1 || !strings.Contains(left[0].Record.Token, "1gpu") || time.Since(start) > time.Minute {
			t.Errorf("left %v after %s", left, time.Since(start))
		}
		if got := notes(seen.all()); !strings.Contains(got, "release deploy.fake.p[\"m/h100/1gpu\"] (id-m/h100/1gpu), left by run run-1: no end after 1m0s") {
			t.Errorf("told:\n%s", got)
		}
	})
}

func TestDestroyTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.on["release"] = func(context.Context, int) error { return errors.New("api is down") }
		b.run(t.Context(), twoDeployments)
		tries := 0
		b.on["release"] = func(context.Context, int) error {
			if tries++; tries < 4 {
				return errors.New("api is down")
			}
			return nil
		}
		j, err := journal.Open(journal.Config{Path: filepath.Join(b.dir, "journal.jsonl"), Run: "run-2", Now: time.Now})
		must(t, err)
		defer j.Close()
		cfg := Config{Plan: &plan.Plan{}, Kinds: b.kinds(), Journal: j, Events: &locked{}, Now: time.Now, Getenv: func(string) string { return "" }}
		if left := Destroy(t.Context(), cfg, j.Live(), time.Minute); len(left) != 0 || tries != 4 || len(j.Live()) != 0 {
			t.Errorf("left %v after %d tries", left, tries)
		}
	})
}
