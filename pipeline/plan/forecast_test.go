package plan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

const twoDeployments = `
suite "s" {}
model "m" {
  repo     = "org/m"
  revision = "0123456789012345678901234567890123456789"
}
provider "fake" "f" {}
workload "w" {
  isl = 100
  osl = 50
}
benchmark "b" {
  model    = model.m
  provider = provider.fake.f
  workload = workload.w
  gpu_type = "H100"
  trials   = 2
  matrix {
    gpus  = [1, 2]
    users = [4, 8]
    osl   = [50, 60]
  }
}
`

// A provider is asked once for each deployment that runs, with its loads, each once; what it foresees is a warning at its block.
func TestForecast(t *testing.T) {
	path := filepath.Join(t.TempDir(), "suite.hcl")
	if err := os.WriteFile(path, []byte(twoDeployments), 0o644); err != nil {
		t.Fatal(err)
	}
	asked := map[int][]stage.Demand{}
	p, diags, err := plan.Build(plan.Config{
		Suite: load(t, path), Kinds: kinds(),
		Providers: providers{forecast: func(d stage.Planned) []stage.Problem {
			asked[d.GPUs] = d.Demands
			return []stage.Problem{
				{Where: stage.InProvider, Summary: "Other speed", Detail: fmt.Sprintf("With %d GPUs it is slower.", d.GPUs)},
				{Where: stage.InProvider, Summary: "Same everywhere", Detail: "It is slower."},
			}
		}},
	})
	if err != nil || diags.HasErrors() {
		t.Fatal(err, diags)
	}
	demands := []stage.Demand{{Users: 4, ISL: 100, OSL: 50}, {Users: 8, ISL: 100, OSL: 50}, {Users: 4, ISL: 100, OSL: 60}, {Users: 8, ISL: 100, OSL: 60}}
	if diff := cmp.Diff(map[int][]stage.Demand{1: demands, 2: demands}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	var said []string
	for _, d := range diags {
		said = append(said, fmt.Sprintf("%v %d %s %s", d.Severity == hcl.DiagWarning, d.Subject.Start.Line, d.Summary, d.Detail))
	}
	want := []string{
		"true 7 Other speed With 1 GPUs it is slower. The same holds, with other figures, of 1 other deployment of this provider.",
		"true 7 Same everywhere It is slower.",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
	// The provider's own step is told the same.
	var cfg stage.DeployConfig
	if err := json.Unmarshal(p.Steps[0].Config, &cfg); err != nil || !cmp.Equal(demands, cfg.Demands) {
		t.Errorf("%v: the deploy step knows of %v", err, cfg.Demands)
	}
}
