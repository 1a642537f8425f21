package chart

import (
	"math"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart/render"
)

func TestWrapKeepsEveryCharacterWithinTheWidth(t *testing.T) {
	const width = 120
	for _, text := range []string{
		"one line", "several words that need more than one line to stand",
		"organisation/An-Overlong-Model-Name-Without-Any-Blank-235B-A22B-Instruct", "模型模型模型模型模型模型模型",
	} {
		joined := ""
		for _, l := range wrap(text, 12, true, width) {
			if w := render.TextWidth(l, 12, true); w > width {
				t.Errorf("line %q is %.0f pixels wide, want at most %d", l, w, width)
			}
			joined += l
		}
		strip := func(s string) (out string) {
			for _, r := range s {
				if r != ' ' {
					out += string(r)
				}
			}
			return out
		}
		if strip(joined) != strip(text) {
			t.Errorf("wrap(%q) lost text: %q", text, joined)
		}
	}
}

func TestScales(t *testing.T) {
	for _, tc := range []struct {
		name      string
		low, high float64
		n         int
		want      []float64
	}{
		{"from zero", 105, 1255, 8, []float64{0, 200, 400, 600, 800, 1000, 1200, 1400}},
		{"close values do not start at zero", 29.2, 40.5, 8, []float64{28, 30, 32, 34, 36, 38, 40, 42}},
		{"one value", 10, 10, 6, []float64{0, 2, 4, 6, 8, 10}},
		{"nothing", math.Inf(1), math.Inf(-1), 2, []float64{0, .5, 1}},
		{"zero only", 0, 0, 2, []float64{0, .5, 1}},
		{"decimal steps are exact", 0, 0.3, 3, []float64{0, .1, .2, .3}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, spread(tc.low, tc.high, tc.n).ticks()); diff != "" {
				t.Errorf("ticks differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLooksAreFixedForUsualCounts(t *testing.T) {
	all := looks([]int{1, 2, 3, 4, 6, 8})
	few := looks([]int{4})
	if all[4] != few[4] {
		t.Errorf("4 GPUs look %v among others and %v alone", all[4], few[4])
	}
	seen := map[string]int{}
	for n, l := range all {
		if other, taken := seen[l.color]; taken {
			t.Errorf("%d and %d GPUs share the colour %s", n, other, l.color)
		}
		seen[l.color] = n
	}
	if got := len(looks([]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})); got != 12 {
		t.Errorf("12 counts got %d looks", got)
	}
}

func at(label string, interactivity, throughput float64) Cell {
	value := func(v float64) Value { return Value{Mean: v, Low: v, High: v, Trials: 1, OK: true} }
	return Cell{Name: label, Values: map[string]Value{
		Interactivity: value(interactivity), ThroughputPerGPU: value(throughput),
	}}
}

func TestFrontierHoldsWhatNothingBeats(t *testing.T) {
	bad := at("invalid", 90, 90)
	bad.Validity = Invalid
	gap := at("gap", 95, 95)
	gap.Values[ThroughputPerGPU] = Value{}
	f := frontierOf([]Cell{
		at("slow and dense", 10, 100), at("beaten", 20, 40), at("middle", 30, 60), at("tie, lower", 30, 50),
		at("fast and thin", 50, 20), at("beaten at the same throughput", 40, 20), bad, gap,
	})
	var got []string
	for _, c := range f.cells {
		got = append(got, c.Name)
	}
	if diff := cmp.Diff([]string{"slow and dense", "middle", "fast and thin"}, got); diff != "" {
		t.Errorf("frontier differs (-want +got):\n%s", diff)
	}
	f.trace(0, 0)
	want := [][2]float64{{0, 100}, {10, 100}, {10, 60}, {30, 60}, {30, 20}, {50, 20}, {50, 0}}
	if diff := cmp.Diff(want, f.outline); diff != "" {
		t.Errorf("outline differs (-want +got):\n%s", diff)
	}
}

func TestFrontiersKeepModelsApartAndGPUTypesTogether(t *testing.T) {
	make := func(model, gpu string, x, y float64) Cell {
		c := at(model+gpu, x, y)
		c.Model, c.GPUType = model, gpu
		return c
	}
	got := frontiers(gather([]Cell{make("a", "H100", 1, 1), make("a", "B200", 2, 2), make("b", "H100", 3, 3)}, rivals), 500, 0, 0)
	if len(got) != 2 || got[0].cells[0].GPUType != "B200" || len(got[0].cells) != 1 {
		t.Errorf("frontiers = %+v, want a's held by B200 alone and one for b", got)
	}
}

func TestPlaceLeavesOutWhatHasNoRoom(t *testing.T) {
	dot := func(x, y float64) mark {
		return mark{x: x, y: y, texts: []string{"1GPU/128U", "128U"}, body: []box{{x - 4, y - 4, x + 4, y + 4}}}
	}
	free := place([]mark{dot(50, 50), dot(150, 50)}, nil, box{0, 0, 250, 100})
	if free[0].text != "1GPU/128U" || free[1].text != "1GPU/128U" || free[0].box.meets(free[1].box) {
		t.Errorf("two marks with room are named %+v", free)
	}
	short := place([]mark{dot(10, 10)}, nil, box{0, 0, 45, 20})
	if short[0].text != "128U" {
		t.Errorf("with little room the name is %q, want the short one", short[0].text)
	}
	none := place([]mark{dot(10, 10)}, nil, box{0, 0, 20, 20})
	if none[0].text != "" || none[0].label() != nil {
		t.Errorf("without room the name is %q, want none", none[0].text)
	}
}

func TestPlaceNamesBothOfTwoHiddenMarks(t *testing.T) {
	dot := mark{x: 50, y: 50, texts: []string{"1GPU/128U"}, body: []box{{46, 46, 54, 54}}}
	got := place([]mark{dot, dot}, nil, box{0, 0, 250, 100})
	if got[0].text == "" || got[1].text == "" || got[0].box.meets(got[1].box) {
		t.Errorf("coinciding marks are named %+v, want both, apart", got)
	}
}

func TestDistinguishSaysWhatDiffersAndNoMore(t *testing.T) {
	group := func(benchmark, model, osl string) []Cell {
		labels := result.Labels{Benchmark: benchmark, Model: model, GPUType: "H100", ISL: 1024}
		if n, err := strconv.Atoi(osl); err == nil {
			labels.OSL = n
		} else {
			labels.OSLDistribution = osl
		}
		return []Cell{{Labels: labels}}
	}
	for _, tc := range []struct {
		name string
		gs   [][]Cell
		want []string
	}{
		{"models", [][]Cell{group("chat", "a", "256"), group("chat", "b", "256")}, []string{"a on H100", "b on H100"}},
		{
			"shapes too",
			[][]Cell{group("chat", "a", "256"), group("chat", "b", "1024")},
			[]string{"a on H100 · ISL 1024, OSL 256 tokens", "b on H100 · ISL 1024, OSL 1024 tokens"},
		},
		{
			"distributions",
			[][]Cell{group("chat", "a", "256"), group("chat", "a", "lognormal(256, 64)")},
			[]string{"ISL 1024, OSL 256 tokens", "ISL 1024, OSL lognormal(256, 64) tokens"},
		},
		{"benchmarks only", [][]Cell{group("chat", "a", "256"), group("code", "a", "256")}, []string{"chat", "code"}},
		{"one group", [][]Cell{group("chat", "a", "256")}, []string{""}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, distinguish(tc.gs)); diff != "" {
				t.Errorf("names differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhiskersSpanTheTrials(t *testing.T) {
	varied := Value{Mean: 5, Low: 4, High: 7, Trials: 3, OK: true}
	single := Value{Mean: 5, Low: 5, High: 5, Trials: 1, OK: true}
	want := [][2]errorBarEnd{{{[2]float64{4, 5}}, {[2]float64{7, 5}}}}
	if diff := cmp.Diff(want, spans(dot{x: varied, y: single})); diff != "" {
		t.Errorf("whiskers differ (-want +got):\n%s", diff)
	}
	if whiskers(nil, ink) != nil {
		t.Error("no trials, yet there are error bars")
	}
}
