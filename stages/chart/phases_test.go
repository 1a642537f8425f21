package chart_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/chart"
	"github.com/strangeloopio/inferencex/stages/chart/charttest"
)

// The latency of a load that goes through phases stands where its users were, and not where most of them were; other charts show it as a whole.
func TestPhasesInPlaceOfTheirLoad(t *testing.T) {
	of := func(name string, cells []chart.Cell) chart.Figure {
		return build(t, name, chart.Data{Title: "t", Cells: cells})
	}
	cells := charttest.Matrix("model", "H100").Cells[:4]
	phased := cells[3]
	phased.Phases = cells[:2]
	with := []chart.Cell{cells[2], phased}
	if diff := cmp.Diff(of("latency_curve", []chart.Cell{cells[2], cells[0], cells[1]}), of("latency_curve", with)); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"panels", "pareto"} {
		if diff := cmp.Diff(of(name, []chart.Cell{cells[2], cells[3]}), of(name, with)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	// A load that only ever changes has no phase to show.
	phased.Phases = []chart.Cell{}
	if diff := cmp.Diff(of("latency_curve", cells[2:3]), of("latency_curve", []chart.Cell{cells[2], phased})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(of("latency_curve", cells[3:]), of("latency_curve", []chart.Cell{phased})); diff != "" {
		t.Error(diff)
	}
}
