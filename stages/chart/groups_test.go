package chart_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/stages/chart"
	"github.com/strangeloopio/inferencex/stages/chart/charttest"
)

// fourSeries is two models, the later in the alphabet first, on two GPU types, thinned out.
func fourSeries(first, second string) chart.Data {
	var d chart.Data
	for _, model := range []string{first, second} {
		sweep := charttest.Matrix(model, "H100", "B200")
		for _, c := range sweep.Cells {
			if c.GPUs <= 2 && c.Users >= 64 {
				d.Cells = append(d.Cells, c)
			}
		}
	}
	return d
}

func TestGroupsKeepTheOrderOfTheSuite(t *testing.T) {
	d := fourSeries("zebra", "ant")
	for _, name := range []string{"panels", "pareto", "latency_curve"} {
		text := drawn(t, name, d).allText()
		at := -1
		for _, group := range []string{"zebra on H100", "zebra on B200", "ant on H100", "ant on B200"} {
			next := strings.Index(text, group)
			if next <= at {
				t.Errorf("%s: %q is not after the one before it in\n%s", name, group, text)
			}
			at = next
		}
	}
}

func TestLongModelsKeepTheirGPUType(t *testing.T) {
	const stem = "some-organisation/An-Extraordinarily-Long-Model-Name-Instruct-235B-A22B-Thinking-2507-FP8-Dynamic-"
	d := fourSeries(stem+"awq-int4", stem+"gptq-int8")
	for _, name := range []string{"panels", "pareto", "latency_curve"} {
		text := drawn(t, name, d).allText()
		for _, end := range []string{"awq-int4 on H100", "awq-int4 on B200", "gptq-int8 on H100", "gptq-int8 on B200"} {
			if !strings.Contains(text, end) {
				t.Errorf("%s does not say %q in\n%s", name, end, text)
			}
		}
	}
}

func TestFrontiersAreToldApart(t *testing.T) {
	p := drawn(t, "pareto", fourSeries("zebra", "ant"))
	p.find(t, "Pareto frontier: zebra")
	p.find(t, "Pareto frontier: ant")
	colours := map[string]bool{}
	for _, s := range p.shapes {
		for _, veil := range []string{"#c9d1d9", "#f5cfa8"} {
			if s.stroke == veil {
				colours[veil] = true
			}
		}
	}
	if len(colours) != 2 {
		t.Errorf("frontiers are drawn in %v, want two colours", colours)
	}
}

// TestUsersAloneNameNoPoint of which there are others with as many.
func TestUsersAloneNameNoPoint(t *testing.T) {
	alone := regexp.MustCompile(`^\d+U$`)
	p := drawn(t, "pareto", charttest.Matrix("m", "H100", "B200"))
	for _, b := range p.texts {
		if alone.MatchString(b.text) {
			t.Errorf("a point is named %q", b.text)
		}
	}
}

func TestMarksOfPanels(t *testing.T) {
	for _, c := range []struct {
		name    string
		spoil   func(*chart.Cell)
		row     string
		says    string
		without string
	}{
		{"a small n of a percentile that no panel shows", func(c *chart.Cell) {
			c.Validity, c.Reasons = chart.ValidWithNotes, []string{"p90_small_n", "p99_small_n"}
		}, "4GPU/32U", "", "*"},
		{"a note on what is shown", func(c *chart.Cell) {
			c.Validity, c.Reasons = chart.ValidWithNotes, []string{"p99_small_n", "power_missing"}
		}, "4GPU/32U *", "* Valid, with a note", "†"},
		{"a cell without numbers", func(c *chart.Cell) {
			c.Validity, c.Status, c.Values = chart.Invalid, "failed", nil
		}, "4GPU/32U †", "† No bars: the cell failed or was not measured.", "atched"},
		{"an invalid one", func(c *chart.Cell) { c.Validity = chart.Invalid }, "4GPU/32U †", "† Hatched bars: the cell failed its validity gate", "No bars"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := charttest.Seed()
			c.spoil(&d.Cells[4])
			p := drawn(t, "panels", d)
			p.find(t, c.row)
			if text := p.allText(); !strings.Contains(text, c.says) || strings.Contains(text, c.without) {
				t.Errorf("want %q and no %q in\n%s", c.says, c.without, text)
			}
		})
	}
}

func TestGapsNameTheirGroup(t *testing.T) {
	d := fourSeries("zebra", "ant")
	d.Cells[0].Values = nil
	if text := drawn(t, "pareto", d).allText(); !strings.Contains(text, "No data: zebra on H100: 1GPU/64U.") {
		t.Error(text)
	}
}

// Cells that differ in their load model or their workload alone are no points of one line, and their groups are told apart.
func TestGroupsOfLoadModelsAndWorkloads(t *testing.T) {
	mixed := drawn(t, "latency_curve", charttest.Mixed())
	for _, want := range []string{"closed loop", "open loop", "Concurrent users", "Requests per second"} {
		if !strings.Contains(mixed.allText(), want) {
			t.Errorf("users and rates: no %q", want)
		}
	}
	rates := drawn(t, "latency_curve", charttest.Rates()).allText()
	if strings.Contains(rates, "loop") || strings.Contains(rates, "Concurrent users") || !strings.Contains(rates, "0.5") {
		t.Errorf("rates alone: %s", rates)
	}
	d := charttest.Rates()
	for i := range d.Cells {
		d.Cells[i].Workload = []string{"poisson", "constant"}[i%2]
	}
	if text := drawn(t, "panels", d).allText(); !strings.Contains(text, "poisson") || !strings.Contains(text, "constant") {
		t.Errorf("two workloads are not told apart: %s", text)
	}
}

// A rate is of conversations where requests are their turns.
func TestTheAxisOfConversations(t *testing.T) {
	for _, tc := range []struct {
		name  string
		turns func(i int) string
		want  string
	}{
		{"none", func(int) string { return "" }, "Requests per second"},
		{"all", func(int) string { return "4" }, "Conversations begun per second"},
		{"some", func(i int) string { return []string{"", "uniform(2, 6)"}[i%2] }, "Requests, or conversations begun, per second"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := charttest.Rates()
			for i := range d.Cells {
				d.Cells[i].Turns = tc.turns(i)
			}
			text := drawn(t, "latency_curve", d).allText()
			if !strings.Contains(text, tc.want) {
				t.Errorf("no %q in\n%s", tc.want, text)
			}
			if got := strings.Contains(text, "ISL 1024, OSL 256 tokens in each of 4 turns"); got != (tc.name == "all") {
				t.Errorf("the lengths are said to be those of a turn: %v\n%s", got, text)
			}
		})
	}
}
