package plan_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/plan"
)

// alike has two providers of one type and one configuration: what is measured on them is the same.
const alike = `suite "s" {}
model "m" {
  repo     = "org/m"
  revision = "0123456789012345678901234567890123456789"
}
provider "fake" "p" {}
provider "fake" "q" {}
workload "w" {
  isl = 64
  osl = 16
}
benchmark "first" {
  model    = model.m
  provider = provider.fake.p
  workload = workload.w
  gpu_type = "H100"
  users    = 2
  trials   = 1
}
benchmark "second" {
  model    = model.m
  provider = provider.fake.q
  workload = workload.w
  gpu_type = "H100"
  trials   = 1
  matrix { users = [4, 8] }
}
benchmark "third" {
  model    = model.m
  provider = provider.fake.p
  workload = workload.w
  gpu_type = "H100"
  trials   = 1
  matrix { users = [4, 16] }
}
`

// Of cells with one configuration the first in the suite is measured, whichever deployment comes first in the
// plan. The others wait for it alone, and what follows on their deployment does not wait for them.
func TestTwins(t *testing.T) {
	p, diags := buildText(t, alike, plan.Config{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if p.Twins() != 1 || p.Cells() != 5 {
		t.Errorf("%d of %d cells are twins", p.Twins(), p.Cells())
	}
	steps := map[string]plan.Step{}
	for _, step := range p.Steps {
		steps[fmt.Sprint(step.Address.Kind, " ", step.Address.Name, " ", step.Address.Key)] = step
	}
	const (
		before   = "first m/h100/1gpu/2u/64x16/t1"
		measured = "second m/h100/1gpu/4u/64x16/t1"
		twin     = "third m/h100/1gpu/4u/64x16/t1"
		last     = "third m/h100/1gpu/16u/64x16/t1"
	)
	for _, kind := range []string{"load ", "fetch-power "} {
		first, got := steps[kind+measured], steps[kind+twin]
		if first.SameAs != "" || first.Action != plan.Run {
			t.Errorf("%s is %s as %q", first.Address, first.Action, first.SameAs)
		}
		same := steps["load "+measured].Address.String()
		if got.SameAs != same || got.Action != plan.Reuse || got.Key != first.Key {
			t.Errorf("%s is %s as %q under %s", got.Address, got.Action, got.SameAs, got.Key)
		}
		if after := []addr.Step{steps["fetch-power "+measured].Address}; !slices.Equal(got.Before(), after) {
			t.Errorf("%s waits for %v, want %v", got.Address, got.Before(), after)
		}
	}
	after := []addr.Step{steps["fetch-power "+before].Address}
	if got := steps["load "+last].After; !slices.Equal(got, after) {
		t.Errorf("the cell behind the twin comes after %v, want %v", got, after)
	}
	var ended []string
	for _, a := range steps["teardown fake.p m/h100/1gpu"].After {
		ended = append(ended, a.Kind+" "+a.Key)
	}
	want := []string{
		"deploy m/h100/1gpu", "warmup m/h100/1gpu",
		"load m/h100/1gpu/2u/64x16/t1", "fetch-power m/h100/1gpu/2u/64x16/t1",
		"load m/h100/1gpu/16u/64x16/t1", "fetch-power m/h100/1gpu/16u/64x16/t1",
	}
	if diff := cmp.Diff(want, ended); diff != "" {
		t.Errorf("teardown comes after (-want +got):\n%s", diff)
	}
}
