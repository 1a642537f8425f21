package plan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/checkpoint"
	"github.com/strangeloopio/inferencex/pipeline/crew"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// sealed is a store that has the results of atoms of a plan.
func sealed(t *testing.T, p *plan.Plan, atoms ...string) *checkpoint.Store {
	t.Helper()
	store, err := checkpoint.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	seal(t, store, p, atoms...)
	return store
}

// seal adds the results of atoms of a plan, which are to be measured, to a store.
func seal(t *testing.T, store *checkpoint.Store, p *plan.Plan, atoms ...string) {
	t.Helper()
	for _, atom := range atoms {
		what := checkpoint.Sealing{Run: "earlier", Now: time.Unix(0, 0)}
		var recipe checkpoint.Recipe
		for _, step := range p.Steps {
			if step.Atom != atom {
				continue
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "x"), []byte(step.Address.Kind), 0o644); err != nil {
				t.Fatal(err)
			}
			recipe = step.Recipe
			what.Steps = append(what.Steps, step.Address)
			what.Parts = append(what.Parts, checkpoint.Part{Name: step.Address.Kind, Dir: dir})
		}
		if _, err := store.Seal(recipe, what); err != nil {
			t.Fatal(err)
		}
	}
}

// decided are the steps of a plan with what is to be done about them.
func decided(p *plan.Plan) map[string]string {
	all := map[string]string{}
	for _, step := range p.Steps {
		all[step.Address.Kind+" "+step.Address.Key] = fmt.Sprintf("%s: %s", step.Action, step.Reason)
	}
	return all
}

// A draft is decided over a store as often as one likes: what is sealed is used again unless the user says
// otherwise, and only what the rest needs is acquired. A plan that was made before stays what it was.
func TestDecide(t *testing.T) {
	const one, two = `load.b["m/h100/1gpu/4u/64x16/t1"]`, `load.b["m/h100/2gpu/4u/64x16/t1"]`
	text := strings.NewReplacer(
		"isl = 100", "isl = 64",
		"users = [4, 8]\n    osl   = [50, 60]", "users = [4]\n    osl   = [16]",
		"trials   = 2", "trials   = 1",
	).Replace(twoDeployments)
	path := filepath.Join(t.TempDir(), "s.hcl")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg := plan.Config{Suite: load(t, path), Kinds: kinds()}
	draft := func(cfg plan.Config) *plan.Draft {
		d, diags := plan.NewDraft(cfg)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		return d
	}
	decide := func(d *plan.Draft, store *checkpoint.Store) *plan.Plan {
		p, _, err := d.Decide(store)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	base := draft(cfg)
	fresh := decide(base, nil)
	before := decided(fresh)
	again := decide(base, sealed(t, fresh, one))
	if diff := cmp.Diff(before, decided(fresh)); diff != "" || len(fresh.Sealed) > 0 {
		t.Errorf("the second plan of a draft has changed the first one:\n%s", diff)
	}
	const (
		none    = "run: not measured yet"
		measure = "run: 1 cell to measure on it"
		reuse   = "reuse: sealed by run earlier"
	)
	want := map[string]string{
		"deploy m/h100/1gpu": "skip: every cell on it is sealed", "deploy m/h100/2gpu": measure,
		"warmup m/h100/1gpu": "skip: every cell on it is sealed", "warmup m/h100/2gpu": measure,
		"load m/h100/1gpu/4u/64x16/t1": reuse, "load m/h100/2gpu/4u/64x16/t1": none,
		"fetch-power m/h100/1gpu/4u/64x16/t1": reuse, "fetch-power m/h100/2gpu/4u/64x16/t1": none,
		"teardown m/h100/1gpu": "skip: every cell on it is sealed", "teardown m/h100/2gpu": measure,
		"aggregate ": "run: its inputs will change", "plot ": "run: its inputs will change",
	}
	if diff := cmp.Diff(want, decided(again)); diff != "" {
		t.Errorf("one cell sealed (-want +got):\n%s", diff)
	}
	if again.Estimate.Seconds >= fresh.Estimate.Seconds || again.Estimate.Peak["fake.f"]["H100"] != 2 {
		t.Errorf("one deployment is estimated as %+v, two as %+v", again.Estimate, fresh.Estimate)
	}
	all := sealed(t, fresh, one, two)
	measured := decide(base, all)
	got := decided(measured)
	if len(measured.Sealed) != 2 || got["aggregate "] != none || got["plot "] != want["plot "] {
		t.Errorf("all cells sealed: %v", got)
	}
	seal(t, all, measured, plan.Aggregate)
	if got := decided(decide(base, all)); got["aggregate "] != reuse || got["plot "] != none {
		t.Errorf("the tables sealed, too: %v", got)
	}
	cfg.Fresh = true
	renewed := decide(draft(cfg), all)
	if renewed.Count(plan.Load, plan.Run) != 2 || len(renewed.Sealed) > 0 || !replaces(renewed, two) {
		t.Errorf("-fresh: %v", decided(renewed))
	}
	cfg.Fresh, cfg.Replace = false, selectors(t, "load.b[**/2gpu/**]")
	p := decide(draft(cfg), all)
	want["deploy m/h100/2gpu"], want["load m/h100/2gpu/4u/64x16/t1"] = measure, "run: asked to make it again"
	want["fetch-power m/h100/2gpu/4u/64x16/t1"] = want["load m/h100/2gpu/4u/64x16/t1"]
	if diff := cmp.Diff(want, decided(p)); diff != "" || replaces(p, one) || !replaces(p, two) {
		t.Errorf("-replace (-want +got):\n%s", diff)
	}
}

// replaces reports whether both steps of a cell replace what is sealed.
func replaces(p *plan.Plan, atom string) bool {
	var kinds []string
	for _, step := range p.Steps {
		if step.Atom == atom && step.Replace {
			kinds = append(kinds, step.Address.Kind)
		}
	}
	return cmp.Equal(kinds, []string{plan.Load, plan.FetchPower})
}

// A cell that was measured from another recipe says which line of it has changed, under a former name of its
// benchmark too.
func TestDecideSaysWhatChanged(t *testing.T) {
	before, _ := buildText(t, alike, plan.Config{})
	const atom = `load.second["m/h100/1gpu/8u/64x16/t1"]`
	store := sealed(t, before, atom)
	changed := strings.Replace(alike, "osl = 16", "osl = 16\n  requests = 99", 1)
	moved := strings.Replace(changed, `benchmark "second"`, `benchmark "new"`, 1) +
		"moved {\n  from = benchmark.second\n  to   = benchmark.new\n}\n"
	for name, text := range map[string]string{"second": changed, "new": moved} {
		p, diags := buildText(t, text, plan.Config{Store: store})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		for _, step := range p.Steps {
			if step.Address == (addr.Step{Kind: plan.Load, Name: name, Key: "m/h100/1gpu/8u/64x16/t1"}) &&
				step.Reason != "workload.requests: 64 → 99" {
				t.Errorf("%s: %s", name, step.Reason)
			}
			if step.Address.Kind == plan.Load && step.Address.Name == "first" && step.Reason != "not measured yet" {
				t.Errorf("%s: %s", step.Address, step.Reason)
			}
		}
	}
}

// buggy is a kind that panics when a recipe is made, in one of the goroutines that look results up.
type buggy struct{ stage.Kind }

func (buggy) Revision() int { panic("boom") }

func TestAPanicOfALookupIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.hcl")
	if err := os.WriteFile(path, []byte(twoDeployments), 0o644); err != nil {
		t.Fatal(err)
	}
	all := kinds()
	all[plan.Load] = buggy{all[plan.Load]}
	_, _, err := plan.Build(plan.Config{Suite: load(t, path), Kinds: all})
	if p := crew.PanicIn(err); p == nil || p.Value != "boom" {
		t.Errorf("Build = %v, want the panic", err)
	}
}
