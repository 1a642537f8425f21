package hardware_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/gpu"
	"github.com/strangeloopio/inferencex/stages/simulator/hardware"
)

// Every GPU that the program knows can be simulated, by the same names and sizes.
func TestGPUsAreThoseOfTheCatalogue(t *testing.T) {
	var want []string
	for _, known := range gpu.Catalogue() {
		want = append(want, known.Name)
		g, err := hardware.LookupGPU(known.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		if g.TDPWatts != known.TDPWatts || math.Abs(g.MemoryBytes/known.MemoryGB/1e9-1) > 0.1 {
			t.Errorf("%s: %g W and %g GB, the catalogue has %g W and %g GB", g.Name, g.TDPWatts, g.MemoryBytes/1e9, known.TDPWatts, known.MemoryGB)
		}
		if !gpu.Matches(g.Name, g.DeviceName) {
			t.Errorf("%s: a device that calls itself %q is another", g.Name, g.DeviceName)
		}
		if known.IdleWatts > 0 && math.Abs(g.IdleWatts/known.IdleWatts-1) > 0.15 {
			t.Errorf("%s: idles at %g W, the catalogue has %g W", g.Name, g.IdleWatts, known.IdleWatts)
		}
	}
	got := map[string]bool{}
	for _, name := range hardware.GPUNames() {
		got[name] = true
	}
	for _, name := range want {
		if !got[name] {
			t.Errorf("no data for %s", name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("data for %v, the catalogue has %v", hardware.GPUNames(), want)
	}
}

// No constant without its source, and those that nobody measured are what the model of them says.
func TestConstantsOfGPUs(t *testing.T) {
	for _, name := range hardware.GPUNames() {
		g, err := hardware.LookupGPU(name)
		if err != nil {
			t.Fatal(err)
		}
		if g.Source == "" || g.Step.Source == "" || g.Power.Source == "" {
			t.Errorf("%s: constants without a source", name)
		}
		if g.IdleWatts > g.Power.ContextWatts || g.Power.ContextWatts >= g.Power.ActiveWatts || g.Power.ActiveWatts >= g.TDPWatts {
			t.Errorf("%s: idle %g W, with a context %g W, active %g W, at most %g W: want them in this order", name, g.IdleWatts, g.Power.ContextWatts, g.Power.ActiveWatts, g.TDPWatts)
		}
		if g.Step.Basis == "fitted" {
			continue
		}
		modelled := g.Modelled()
		modelled.Step.Source, modelled.Power.Source = g.Step.Source, g.Power.Source
		rounded := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 0.05 })
		if diff := cmp.Diff(modelled, g, rounded); diff != "" {
			t.Errorf("%s (-modelled +data):\n%s", name, diff)
		}
	}
}

func TestModelsHaveSources(t *testing.T) {
	for _, name := range hardware.ModelNames() {
		if m, err := hardware.LookupModel(name); err != nil || m.Source == "" || m.Check() != nil {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	for _, name := range hardware.ProfileNames() {
		if p, err := hardware.LookupProfile(name); err != nil || p.Source == "" {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

// A board that is only described draws power as its TDP says, and idles at the same share of it as the one that was measured.
func TestModelled(t *testing.T) {
	g := hardware.GPU{Name: "X", MemoryBytes: 1e11, Bandwidth: 4e12, BF16FLOPS: 148e12, TDPWatts: 350}.Modelled()
	want := hardware.PowerConstants{ContextWatts: 60, ActiveWatts: 107, BandwidthWatts: 182, ComputeWatts: 850, Basis: "modelled, ±20 %"}
	if diff := cmp.Diff(want, g.Power, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })); diff != "" {
		t.Errorf("power (-want +got):\n%s", diff)
	}
	if g.IdleWatts != 35 || g.Step.WeightEfficiency != .9 || g.Step.Basis == "fitted" {
		t.Errorf("%+v: want 35 W when idle and the H100's efficiencies, called modelled", g)
	}
}
