package sweep

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/event"
	"github.com/strangeloopio/inferencex/pipeline/plan"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// world is a folder of runs.
type world struct {
	t     *testing.T
	root  string
	store *checkpoint.Store
}

func newWorld(t *testing.T) *world {
	root := t.TempDir()
	store, err := checkpoint.Open(filepath.Join(root, "store"))
	must(t, err)
	return &world{t, root, store}
}

func recipe(name string) checkpoint.Recipe { return checkpoint.Recipe{"name = " + name} }

// seal makes a run seal a result.
func (w *world) seal(run, name string, replace bool) {
	w.t.Helper()
	dir := filepath.Join(w.t.TempDir(), name)
	must(w.t, os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "rows.parquet"), []byte(name), 0o644))
	_, err := w.store.Seal(recipe(name), checkpoint.Sealing{
		Run: run, Now: noon, Steps: []addr.Step{{Kind: "load", Name: "b", Key: name}}, Parts: []checkpoint.Part{{Name: "load", Dir: dir}}, Replace: replace,
	})
	must(w.t, err)
}

// run makes the folder of a run that planned some results, and used others that its plan did not know.
func (w *world) run(id string, planned, used []string) {
	w.t.Helper()
	dir := filepath.Join(w.root, id)
	text, err := json.Marshal(planOf(planned...))
	must(w.t, err, os.MkdirAll(filepath.Join(dir, "attempts", "load.b", "1"), 0o755), os.WriteFile(filepath.Join(dir, "plan.json"), text, 0o644))
	must(w.t, os.WriteFile(filepath.Join(dir, "attempts", "load.b", "1", "rows.arrow"), []byte("torn"), 0o644))
	must(w.t, filepath.WalkDir(filepath.Join(dir, "attempts"), func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(path, noon, noon))
	}))
	var lines []byte
	for _, name := range used {
		line, err := json.Marshal(event.Event{Type: event.StepReused, Key: recipe(name).Key()})
		must(w.t, err)
		lines = append(append(lines, line...), '\n')
	}
	must(w.t, os.WriteFile(filepath.Join(dir, "events.jsonl"), append(lines, `{"torn`...), 0o644))
}

func planOf(names ...string) *plan.Plan {
	p := &plan.Plan{Schema: plan.Schema}
	for _, name := range names {
		p.Steps = append(p.Steps, plan.Step{Address: addr.Step{Kind: "load", Name: "b", Key: name}, Key: recipe(name).Key()})
	}
	return p
}

func (w *world) find(before time.Time, plans ...*plan.Plan) []string {
	w.t.Helper()
	items, err := Find(Config{Root: w.root, Store: w.store, Plans: plans, Before: before})
	must(w.t, err)
	found := []string{}
	for _, item := range items {
		if item.Bytes == 0 {
			w.t.Errorf("%+v", item)
		}
		what := item.What
		if item.Kind == Checkpoint {
			_, what, _ = strings.Cut(item.What, " of ")
		}
		found = append(found, item.Kind+" "+what+": "+item.Why)
	}
	return found
}

const (
	nobody   = ": nothing refers to it"
	replaced = ": a newer result has taken its place"
	idle     = ": it is there for diagnosis alone"
)

func TestFind(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"planned", "used", "orphan", "suite"} {
		w.seal("gone", name, false)
	}
	w.seal("kept", "own", false) // by a run whose folder is there, whatever its files say
	w.seal("kept", "planned", true)
	w.run("kept", []string{"planned"}, []string{"used"})
	later := noon.Add(time.Hour)
	ref := func(name, why string) string { return `checkpoint load.b["` + name + `"]` + why }
	for name, tc := range map[string]struct {
		before time.Time
		plans  []*plan.Plan
		want   map[string]bool
	}{
		"everything":         {later, nil, map[string]bool{ref("orphan", nobody): true, ref("suite", nobody): true, ref("planned", replaced): true, "attempts of run kept" + idle: true}},
		"but what is needed": {later, []*plan.Plan{planOf("suite")}, map[string]bool{ref("orphan", nobody): true, ref("planned", replaced): true, "attempts of run kept" + idle: true}},
		"but what is young":  {noon, nil, map[string]bool{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := map[string]bool{}
			for _, found := range w.find(tc.before, tc.plans...) {
				got[found] = true
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestARunThatCannotBeReadStopsTheSweep(t *testing.T) {
	w := newWorld(t)
	w.seal("gone", "orphan", false)
	w.run("kept", nil, nil)
	must(t, os.WriteFile(filepath.Join(w.root, "kept", "plan.json"), []byte(`{"schema": 9}`), 0o644))
	_, err := Find(Config{Root: w.root, Store: w.store, Before: noon.Add(time.Hour)})
	if err == nil || !strings.HasPrefix(err.Error(), "what run kept needs cannot be told: ") || !strings.HasSuffix(err.Error(), "move its folder away to sweep without it") {
		t.Errorf("got %v", err)
	}
}

func TestASweepBreaksNoHit(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"planned", "used", "orphan"} {
		w.seal("gone", name, false)
	}
	w.seal("kept", "planned", true)
	w.run("kept", []string{"planned"}, []string{"used"})
	cfg := Config{Root: w.root, Store: w.store, Before: noon.Add(time.Hour)}
	items, err := Find(cfg)
	must(t, err)
	for _, item := range items {
		must(t, Remove(cfg, item))
	}
	for name, want := range map[string]bool{"planned": true, "used": true, "orphan": false} {
		if _, ok, err := w.store.Lookup(recipe(name).Key()); ok != want || err != nil {
			t.Errorf("%s: found %v, %v", name, ok, err)
		}
	}
	if left := w.find(cfg.Before); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := os.Stat(filepath.Join(w.root, "kept", "plan.json")); err != nil {
		t.Error(err)
	}
}
