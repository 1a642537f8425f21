package plan_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/schemas/suite"
)

// More trials are numbered after the suite's own, and each stands behind the trials of its cell.
func TestMoreTrials(t *testing.T) {
	p, diags := buildText(t, alike, plan.Config{MoreTrials: 2})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var got []string
	for _, step := range p.Steps {
		if step.Address.Kind == plan.Load && step.Address.Name == "second" {
			got = append(got, step.Address.Key)
		}
	}
	want := []string{
		"m/h100/1gpu/4u/64x16/t1", "m/h100/1gpu/4u/64x16/t2", "m/h100/1gpu/4u/64x16/t3",
		"m/h100/1gpu/8u/64x16/t1", "m/h100/1gpu/8u/64x16/t2", "m/h100/1gpu/8u/64x16/t3",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Provider and workload stand in the name of a cell where the benchmark varies them, and only there.
func TestNamesOfCells(t *testing.T) {
	const one = "m/h100/1gpu/2u/64x16/t1"
	for axis, want := range map[string][]string{
		"provider = [provider.fake.p, provider.fake.q]": {
			"m/fake.p/h100/1gpu/2u/64x16/t1", "m/fake.q/h100/1gpu/2u/64x16/t1",
		},
		"workload = [workload.w, workload.v]": {"m/h100/1gpu/w/2u/64x16/t1", "m/h100/1gpu/v/2u/64x16/t1"},
		"users = [2]":                         {one},
	} {
		text := strings.Split(alike, `benchmark "second"`)[0] + "workload \"v\" {\n  isl = 64\n  osl = 16\n}\n"
		name := strings.Fields(axis)[0]
		argument := regexp.MustCompile(`(?m)^  ` + name + ` += [\w.]+\n  `)
		text = argument.ReplaceAllString(text, "  matrix { "+axis+" }\n  ")
		p, diags := buildText(t, text, plan.Config{})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		var got []string
		for _, step := range p.Steps {
			if step.Address.Kind == plan.Load {
				got = append(got, step.Address.Key)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", axis, diff)
		}
	}
}

// The aggregate step has the cells in the order of the suite, although the steps of the plan are in that of
// the deployments.
func TestTablesAreInTheOrderOfTheSuite(t *testing.T) {
	p, diags := buildText(t, alike, plan.Config{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var loads, uses []string
	for _, step := range p.Steps {
		if step.Address.Kind == plan.Load {
			loads = append(loads, step.Address.Name)
		}
		for _, used := range step.Uses {
			if used.Kind == plan.Load {
				uses = append(uses, used.Name)
			}
		}
	}
	if diff := cmp.Diff([]string{"first", "third", "third", "second", "second"}, loads); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"first", "second", "second", "third", "third"}, uses); diff != "" {
		t.Errorf("aggregate uses (-want +got):\n%s", diff)
	}
}

// Selectors that leave no cell are told, that which leaves cells out first.
func TestNothingToMeasure(t *testing.T) {
	const list = "inferencex plan lists the addresses of all cells."
	for want, cfg := range map[string]plan.Config{
		"-exclude load leaves no cell. " + list: {
			Exclude: selectors(t, "load"), Targets: selectors(t, "load"),
		},
		"No cell of the suite matches -target load.no. " + list: {Targets: selectors(t, "load.no")},
	} {
		_, diags := buildText(t, alike, cfg)
		if len(diags) != 1 || diags[0].Detail != want {
			t.Errorf("%v, want %s", diags, want)
		}
	}
	const none = "The suite has no benchmark block, so there is nothing to measure. " +
		"Add one: inferencex init shows an example."
	_, diags := plan.NewDraft(plan.Config{Suite: &suite.Suite{Name: "s"}, Kinds: kinds()})
	if len(diags) != 1 || diags[0].Detail != none {
		t.Errorf("%v, want %s", diags, none)
	}
}
