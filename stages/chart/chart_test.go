package chart_test

import (
	"bytes"
	"image/color"
	"image/png"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/chart"
	"github.com/strangeloopio/inferencex/stages/chart/charttest"
	"github.com/strangeloopio/inferencex/stages/chart/render"
)

func build(t *testing.T, name string, d chart.Data) chart.Figure {
	t.Helper()
	for _, def := range chart.All() {
		if def.Name == name {
			f, err := def.Build(d)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
	}
	t.Fatalf("no chart is named %q", name)
	return chart.Figure{}
}

func drawn(t *testing.T, name string, d chart.Data) picture {
	t.Helper()
	svg, err := build(t, name, d).SVG()
	if err != nil {
		t.Fatal(err)
	}
	return read(t, svg)
}

// seedPanels is the panels chart of the seed's table, which many tests look at.
var seedPanels = sync.OnceValues(func() ([]byte, error) {
	all := chart.All()
	panels := slices.IndexFunc(all, func(d chart.Def) bool { return d.Name == "panels" })
	f, err := all[panels].Build(charttest.Seed())
	if err != nil {
		return nil, err
	}
	return f.SVG()
})

func readSeedPanels(t *testing.T) picture {
	t.Helper()
	svg, err := seedPanels()
	if err != nil {
		t.Fatal(err)
	}
	return read(t, svg)
}

// twoSeries is a sweep over two GPU types, thinned to eight cells.
func twoSeries() chart.Data {
	d := charttest.Matrix("Qwen/Qwen3-8B-FP8", "H100", "B200")
	d.Cells = slices.DeleteFunc(d.Cells, func(c chart.Cell) bool { return c.GPUs > 2 || c.Users < 64 })
	return d
}

func longNames() chart.Data {
	d := charttest.Seed()
	for i := range d.Cells {
		d.Cells[i].Model = "some-organisation/An-Extraordinarily-Long-Model-Name-Instruct-235B-A22B-Thinking-2507-FP8-Dynamic-v2.1"
		d.Cells[i].Name += " tp2-pp1 chunked"
	}
	return d
}

// longSeries is two series whose names fill more than a line.
func longSeries() chart.Data {
	d := twoSeries()
	for i := range d.Cells {
		d.Cells[i].Model = "some-organisation/An-Extraordinarily-Long-Model-Name-Instruct-235B-A22B-Thinking-2507-FP8-Dynamic-v2.1"
	}
	return d
}

func TestEveryChartOfEveryData(t *testing.T) {
	for name, d := range map[string]chart.Data{
		"seed": charttest.Seed(), "24 cells": charttest.Matrix("Qwen/Qwen3-8B-FP8", "H100"), "two series": twoSeries(),
		"one cell": charttest.Single(), "no power": charttest.NoPower(), "invalid": charttest.WithInvalid(),
		"hostile": charttest.Hostile(), "long names": longNames(), "long series": longSeries(),
		"rates": charttest.Rates(), "users and rates": charttest.Mixed(),
		"no values": {Cells: []chart.Cell{{Name: "1GPU/1U", Labels: result.Labels{GPUs: 1, Users: 1}}}},
	} {
		for _, def := range chart.All() {
			t.Run(name+"/"+def.Name, func(t *testing.T) {
				t.Parallel()
				f, err := def.Build(d)
				if err != nil {
					t.Fatal(err)
				}
				svg, err := f.SVG()
				if err != nil {
					t.Fatal(err)
				}
				for _, bad := range []string{"NaN", "Infinity", "undefined", "<script"} {
					if bytes.Contains(svg, []byte(bad)) {
						t.Errorf("SVG holds %q", bad)
					}
				}
				p := read(t, svg)
				if found := p.overlaps(); len(found) > 0 {
					t.Errorf("texts overlap:\n%s", strings.Join(found, "\n"))
				}
				if found := p.outside(); len(found) > 0 {
					t.Errorf("texts leave the %g×%g picture:\n%s", p.width, p.height, strings.Join(found, "\n"))
				}
				if said := strings.Contains(strings.ToLower(p.allText()), "simulated"); said != d.Simulated {
					t.Errorf("chart says simulated: %t, data are simulated: %t", said, d.Simulated)
				}
				raw, err := render.PNG(svg, 1)
				if err != nil {
					t.Fatal(err)
				}
				config, err := png.DecodeConfig(bytes.NewReader(raw))
				if err != nil || config.Width != f.Width || config.Height != f.Height {
					t.Errorf("PNG is %d×%d (%v), want %d×%d", config.Width, config.Height, err, f.Width, f.Height)
				}
			})
		}
	}
}

func TestChartsDependOnDataNotOnOrder(t *testing.T) {
	d := charttest.Seed()
	for _, def := range chart.All() {
		first := build(t, def.Name, d)
		turned := charttest.Seed()
		slices.Reverse(turned.Cells)
		if diff := cmp.Diff(string(first.Option), string(build(t, def.Name, turned).Option)); diff != "" {
			t.Errorf("%s: reversed cells give another option:\n%s", def.Name, diff)
		}
	}
}

func TestChartsRefuseToDrawNothing(t *testing.T) {
	for _, def := range chart.All() {
		_, err := def.Build(chart.Data{})
		want := "chart " + def.Name + ": the results hold no cell to draw; check that aggregate kept at least one"
		if err == nil || err.Error() != want {
			t.Errorf("%s: error = %v, want %q", def.Name, err, want)
		}
	}
}

func TestPanelsTitleNamesWhatWasMeasured(t *testing.T) {
	p := readSeedPanels(t)
	for _, want := range []string{
		"Qwen/Qwen3-8B-FP8 on H100", "ISL 1024, OSL 256 tokens",
		"Measured power per GPU: 1 GPU 182 W, 2 GPUs 96 W, 4 GPUs 168 W",
		"Throughput per GPU", "End-to-end latency", "Interactivity", "Time to first token", "Power efficiency",
		"1 GPU", "2 GPUs", "4 GPUs",
	} {
		p.find(t, want)
	}
}

const (
	blue   = "#0072b2" // 1 GPU
	orange = "#e69f00" // 2 GPUs
	green  = "#009e73" // 4 GPUs
)

func TestPanelsBarsAreAsLongAsTheirValues(t *testing.T) {
	p := readSeedPanels(t)
	for fill, want := range map[string]int{blue: 5, orange: 15, green: 10} {
		if got := len(p.bars(fill)); got != want {
			t.Errorf("%d bars of %s, want %d", got, fill, want)
		}
	}
	// First panel: the single blue bar is 1255 long, so the orange ones are 458, 582, 653 in this order.
	unit := length(p.bars(blue)[0]) / 1255
	for i, want := range []float64{458, 582, 653} {
		if got := length(p.bars(orange)[i]) / unit; math.Abs(got-want) > 12 {
			t.Errorf("orange bar %d is %.0f long, want %g", i, got, want)
		}
	}
	for _, value := range []string{"1,255", "10.2", "29.2", "1.39", "6,907", "0.390", "625"} {
		p.find(t, value)
	}
}

func length(s shape) float64 { return s.right - s.left }

func TestPanelsOrderRowsByGPUsThenUsers(t *testing.T) {
	p := readSeedPanels(t)
	last := 0.0
	for _, label := range []string{"1GPU/128U", "2GPU/32U", "2GPU/64U", "2GPU/128U", "4GPU/16U", "4GPU/32U"} {
		b := p.find(t, label)
		if b.top <= last {
			t.Errorf("row %s is not below the one before", label)
		}
		last = b.top
	}
}

func TestPanelsShowGapsAsGaps(t *testing.T) {
	p := drawn(t, "panels", charttest.NoPower())
	if got := p.count("no data"); got != 6 { // one cell lacks all five values, one lacks power
		t.Errorf("%d gaps say no data, want 6", got)
	}
	if got := len(p.bars(green)); got != 4 {
		t.Errorf("%d bars of 4 GPUs, want 4: a missing value must not be a bar", got)
	}
	p.find(t, "Measured power per GPU: 1 GPU 182 W, 2 GPUs 96 W, 4 GPUs no data")
	for _, b := range p.texts {
		if b.text == "0.00" {
			t.Errorf("a missing value is drawn as zero")
		}
	}
}

func TestPanelsHatchInvalidCells(t *testing.T) {
	p := drawn(t, "panels", charttest.WithInvalid())
	hatched := 0
	for _, s := range p.shapes {
		if strings.HasPrefix(s.fill, "url(#") {
			hatched++
		}
	}
	if hatched != 5 {
		t.Errorf("%d bars are hatched, want the invalid cell's 5", hatched)
	}
	if got := len(p.bars(green)); got != 5 {
		t.Errorf("%d solid bars of 4 GPUs, want the valid cell's 5", got)
	}
	p.find(t, "4GPU/32U †")
}

func TestPanelsTellSeriesApart(t *testing.T) {
	p := drawn(t, "panels", twoSeries())
	for _, want := range []string{"Qwen/Qwen3-8B-FP8 on B200", "Qwen/Qwen3-8B-FP8 on H100"} {
		if !strings.Contains(p.allText(), want) {
			t.Errorf("no heading %q in:\n%s", want, p.allText())
		}
	}
	if got := p.count("1GPU/64U"); got != 2 {
		t.Errorf("row 1GPU/64U appears %d times, want once per series", got)
	}
}

func TestPanelsPNGHasItsBarsColours(t *testing.T) {
	svg, err := seedPanels()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := render.PNG(svg, 2)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	p := read(t, svg)
	for fill, want := range map[string]color.NRGBA{blue: {0x00, 0x72, 0xb2, 255}, orange: {0xe6, 0x9f, 0x00, 255}, green: {0x00, 0x9e, 0x73, 255}} {
		for _, b := range p.bars(fill) {
			x, y := int(b.left+b.right), int(b.top+b.bottom) // twice the centre: the scale is 2
			if got := color.NRGBAModel.Convert(img.At(x, y)); got != want {
				t.Errorf("pixel (%d, %d) within a bar of %s is %v", x, y, fill, got)
			}
		}
	}
}

func TestParetoNamesItsPoints(t *testing.T) {
	p := drawn(t, "pareto", charttest.Seed())
	for _, want := range []string{
		"1GPU/128U", "2GPU/128U", "2GPU/64U", "2GPU/32U", "4GPU/32U", "4GPU/16U",
		"Pareto frontier", "Interactivity (tok/s/user)", "Throughput per GPU (tok/s/GPU)",
	} {
		p.find(t, want)
	}
}

func TestPointChartsSayWhatTheyCannotShow(t *testing.T) {
	for _, name := range []string{"pareto", "latency_curve"} {
		drawn(t, name, charttest.NoPower()).find(t, "No data: 4GPU/16U.")
		drawn(t, name, charttest.WithInvalid()).find(t, "Hollow: the cell failed its validity gate; do not quote it.")
	}
}

func TestLatencyCurveTicksAreTheUserCounts(t *testing.T) {
	p := drawn(t, "latency_curve", charttest.Seed())
	for _, want := range []string{"16", "32", "64", "128"} {
		if got := p.count(want); got != 2 {
			t.Errorf("tick %s appears %d times, want once per panel", want, got)
		}
	}
}
