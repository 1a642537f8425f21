package sweep

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/journal"
	"github.com/strangeloopio/inferencex/pipeline/run"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// past makes the folder of a run that began so many hours after noon, sealed what is named after it, and used more.
func (w *world) past(id, suite string, hours int, used ...string) {
	w.t.Helper()
	w.seal(id, id, false)
	w.run(id, []string{id}, used)
	dir := filepath.Join(w.root, id)
	must(w.t, run.Manifest{ID: id, Suite: suite, Started: noon.Add(time.Duration(hours) * time.Hour)}.Write(dir), os.RemoveAll(filepath.Join(dir, "attempts")))
}

func TestOldRunsGoWithWhatOnlyTheyNeed(t *testing.T) {
	w := newWorld(t)
	w.past("r1", "chat", 1)
	w.past("r2", "chat", 2, "r1")
	w.past("r3", "code", 3)
	w.past("r4", "chat", 4, "r2")
	w.past("r5", "chat", 5)
	for _, tc := range []struct {
		name string
		cfg  Config
		want []string
	}{
		{"all stay", Config{}, []string{}},
		{"the newest of each suite", Config{Keep: 1}, []string{
			"run r1: the suite has had 3 since", "run r2: the suite has had 2 since", "run r4: the suite has had 1 since",
			`checkpoint load.b["r1"]`, `checkpoint load.b["r2"]`, `checkpoint load.b["r4"]`,
		}},
		{"two of each, one of which uses what an older one sealed", Config{Keep: 2}, []string{
			"run r1: the suite has had 3 since", "run r2: the suite has had 2 since", `checkpoint load.b["r1"]`,
		}},
		{"not the one that is under way", Config{Keep: 1, Busy: "r2"}, []string{
			"run r1: the suite has had 3 since", "run r4: the suite has had 1 since", `checkpoint load.b["r4"]`,
		}},
		{"not what is young", Config{Keep: 1, Before: noon.Add(90 * time.Minute)}, []string{"run r1: the suite has had 3 since"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.cfg.Before.IsZero() {
				tc.cfg.Before = noon.Add(9 * time.Hour)
			}
			if diff := cmp.Diff(sorted(tc.want), sorted(w.listed(tc.cfg))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a run has deployed that may be alive is found again by the run's name.
func TestARunWithALivingDeploymentStays(t *testing.T) {
	w := newWorld(t)
	w.past("r1", "chat", 1)
	w.past("r2", "chat", 2)
	j, err := journal.Open(journal.Config{Path: filepath.Join(w.root, "journal.jsonl"), Run: "r1", Now: func() time.Time { return noon }})
	must(t, err)
	must(t, j.Intend(stage.Record{Address: addr.Step{Kind: "deploy", Name: "p"}, Token: "a"}), j.Close())
	if got := w.listed(Config{Keep: 1, Before: noon.Add(9 * time.Hour)}); len(got) > 0 {
		t.Errorf("would go: %v", got)
	}
}

func TestRemovingARun(t *testing.T) {
	w := newWorld(t)
	w.past("r1", "chat", 1)
	w.past("r2", "chat", 2, "r1")
	cfg := Config{Root: w.root, Store: w.store, Keep: 1, Before: noon.Add(9 * time.Hour)}
	items, err := Find(cfg)
	must(t, err)
	for _, item := range items {
		must(t, Remove(cfg, item))
	}
	left, err := filepath.Glob(filepath.Join(w.root, "*"))
	must(t, err)
	if diff := cmp.Diff([]string{filepath.Join(w.root, "r2"), filepath.Join(w.root, "store")}, left); diff != "" {
		t.Error(diff)
	}
	if _, ok, err := w.store.Lookup(recipe("r1").Key()); !ok || err != nil {
		t.Errorf("what the newest run uses: %v, %v", ok, err)
	}
}

func (w *world) listed(cfg Config) []string {
	w.t.Helper()
	cfg.Root, cfg.Store = w.root, w.store
	items, err := Find(cfg)
	must(w.t, err)
	found := []string{}
	for _, item := range items {
		if item.Kind == Checkpoint {
			_, what, _ := strings.Cut(item.What, " of ")
			found = append(found, Checkpoint+" "+what)
			continue
		}
		found = append(found, item.Kind+" "+item.What+": "+item.Why)
	}
	return found
}

// sorted is for lists whose checkpoints stand in the order of their keys.
func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
