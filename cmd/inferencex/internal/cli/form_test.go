package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/durable"
	"github.com/strangeloopio/inferencex/pipeline/durable/durabletest"
	"github.com/strangeloopio/inferencex/pipeline/plan"
	facts "github.com/strangeloopio/inferencex/stages/metric/measured"
)

// TestSavedPlanFile protects the names of what plan -out writes; those of the plan in it are the plan's own.
func TestSavedPlanFile(t *testing.T) {
	want := durabletest.Fill[savedPlan](t, &plan.Plan{Suite: "suite"})
	want.Schema = savedSchema
	path := filepath.Join(t.TempDir(), "plan")
	if err := durable.WriteJSON(path, want); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	durabletest.Hold(t, "testdata/form/saved.json", want, text)
	if read, err := openSaved(path); err != nil || !reflect.DeepEqual(&want, read) {
		t.Errorf("read %+v, %v\nwant %+v", read, err, want)
	}
}

// TestCeilingFile protects the names of what calibrate keeps.
func TestCeilingFile(t *testing.T) {
	a := &App{CacheDir: t.TempDir()}
	want := durabletest.Fill[facts.Ceiling](t)
	path, err := a.keepCeiling(want)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	durabletest.Hold(t, "testdata/form/ceiling.json", want, text)
}
