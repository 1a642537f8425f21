package plot

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/pipeline/stage/revisiontest"
)

var update = flag.Bool("update", false, "write the digests of testdata/revision.plot.json anew")

// What is protected: that a change of what plot draws of the same results is seen in folders that were sealed before it. Each file of testdata/results is what
// aggregate once made of the fixture of that name of its own; it is never edited, another one is added beside it.
func TestRevision(t *testing.T) {
	fixtures, err := filepath.Glob("testdata/results/*.json")
	if err != nil || len(fixtures) == 0 {
		t.Fatal(fixtures, err)
	}
	outputs := map[string]map[string]string{}
	for _, fixture := range fixtures {
		name := strings.TrimSuffix(filepath.Base(fixture), ".json")
		in, out := t.TempDir(), t.TempDir()
		text, err := os.ReadFile(fixture)
		if err := errors.Join(err, os.Mkdir(filepath.Join(in, "report"), 0o755), os.WriteFile(filepath.Join(in, "report", "results.json"), text, 0o644)); err != nil {
			t.Fatal(err)
		}
		task := stage.Task{Config: []byte(`{"suite":"` + name + `"}`), Dir: out, Inputs: []stage.Input{{Address: addr.Step{Kind: "aggregate"}, Dir: in}}}
		if err := New().Run(context.Background(), stage.Env{}, task); err != nil {
			t.Fatal(err)
		}
		outputs[name] = revisiontest.Files(t, out)
	}
	revisiontest.Hold(t, New(), outputs, *update)
}
