package plan_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/durable/durabletest"
	"github.com/strangeloopio/inferencex/pipeline/plan"
)

// TestPlanFile protects the names of plan.json, which report and status read of runs that are over.
func TestPlanFile(t *testing.T) {
	want := durabletest.Fill[plan.Plan](t)
	want.Schema = plan.Schema
	var text bytes.Buffer
	if err := want.Write(&text); err != nil {
		t.Fatal(err)
	}
	durabletest.Hold(t, "testdata/form/plan.json", want, text.Bytes())
	path := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	read, err := plan.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	read.Secrets, read.Sealed = nil, nil
	if diff := cmp.Diff(want.Steps, read.Steps); diff != "" {
		t.Error(diff)
	}
}
