package plan_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/plan"
)

// A plan is written a step at a time, and is the same text as if it were marshalled whole.
func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "suite.hcl")
	text := strings.Replace(twoDeployments, `suite "`, `suite "\"steps\":null `, 1)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, diags, err := plan.Build(plan.Config{Suite: load(t, path), Kinds: kinds()})
	if err != nil || diags.HasErrors() {
		t.Fatal(err, diags)
	}
	want, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := p.Write(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want)+"\n", got.String()); diff != "" {
		t.Error(diff)
	}
}
