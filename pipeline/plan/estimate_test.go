package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/plan"
	"github.com/strangeloopio/inferencex/pipeline/stage"
)

// priced is twoDeployments with a price and more blocks.
func priced(more string) string {
	const price = "gpu \"H100\" {\n  price_per_hour = 3.5\n  price_as_of = \"2026-07-01\"\n}\n"
	return twoDeployments + price + more
}

// billed has servers that take an hour to start.
var billed = providers{billing: stage.Billing{Startup: time.Hour}}

// This protects the comparison with the budget: a plan that costs exactly as much is allowed, and one that
// costs a cent more is not.
func TestBudgetIsTheMostThatAPlanMayCost(t *testing.T) {
	p, diags := buildText(t, priced(""), plan.Config{Providers: billed})
	if diags.HasErrors() || p.Estimate.USD < 1 {
		t.Fatal(diags, p)
	}
	exact := fmt.Sprintf("%.2f", p.Estimate.USD)
	below := fmt.Sprintf("%.2f", p.Estimate.USD-0.01)
	_, diags = buildText(t, priced("budget { usd = "+exact+" }"), plan.Config{Providers: billed})
	if diags.HasErrors() {
		t.Errorf("a budget of exactly the estimate: %v", diags)
	}
	_, diags = buildText(t, priced("budget { usd = "+below+" }"), plan.Config{Providers: billed})
	want := fmt.Sprintf("The plan is estimated to cost $%s and the budget is $%s. ", exact, below)
	if len(diags) != 1 || diags[0].Summary != "Over budget" || !strings.HasPrefix(diags[0].Detail, want) {
		t.Errorf("a budget of a cent less: %v", diags)
	}
}

// An estimate has the GPUs of each deployment for as long as its steps take, and a price where the servers
// are paid for.
func TestEstimate(t *testing.T) {
	const quota = "provider \"fake\" \"f\" { quota = { H100 = 2 } }"
	quota2 := strings.Replace(priced(""), `provider "fake" "f" {}`, quota, 1)
	quota9 := strings.Replace(quota2, "H100 = 2", "H100 = 9", 1)
	hour := stage.Billing{Startup: time.Hour}
	for name, tt := range map[string]struct {
		text     string
		billing  stage.Billing
		gpuHours bool
		peak     int
	}{
		"paid":              {priced(""), hour, true, 2},
		"free":              {priced(""), stage.Billing{Startup: time.Hour, Free: true}, false, 2},
		"as the quota goes": {quota2, hour, true, 2},
		"side by side":      {quota9, hour, true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			p, diags := buildText(t, tt.text, plan.Config{Providers: providers{billing: tt.billing}})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			var seconds, gpuSeconds float64
			for _, step := range p.Steps {
				took := time.Duration(step.Expected).Seconds()
				seconds += took
				if strings.Contains(step.Deployment.Key, "2gpu") {
					took *= 2
				}
				gpuSeconds += took
			}
			want := plan.Estimate{
				Seconds: seconds, GPUHours: map[string]float64{},
				Peak: map[string]plan.GPUs{"fake.f": {"H100": tt.peak}},
			}
			if tt.gpuHours {
				want.GPUHours["H100"], want.USD = gpuSeconds/3600, gpuSeconds/3600*3.5
			}
			near := cmp.Comparer(func(a, b float64) bool { return a-b < 0.006 && b-a < 0.006 })
			if diff := cmp.Diff(want, p.Estimate, near); diff != "" || seconds < 2*3600 {
				t.Errorf("%.0f s; (-want +got):\n%s", seconds, diff)
			}
		})
	}
}

// A GPU type without a price is named, once, and is in no sum.
func TestEstimateWithoutAPrice(t *testing.T) {
	p, diags := buildText(t, strings.Replace(twoDeployments, "H100", "X1", 1), plan.Config{Providers: billed})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	e := p.Estimate
	if diff := cmp.Diff([]string{"X1"}, e.Unpriced); diff != "" || e.USD != 0 || e.GPUHours["X1"] == 0 {
		t.Errorf("%+v (-want +got):\n%s", e, diff)
	}
}

// A provider that ends a deployment before its cells are measured is a warning. One that ends it just in time
// is none.
func TestShortTTL(t *testing.T) {
	p, _ := buildText(t, priced(""), plan.Config{Providers: billed})
	busy := map[string]time.Duration{}
	for _, step := range p.Steps {
		busy[step.Deployment.Key] += time.Duration(step.Expected)
	}
	one, two := busy["m/h100/1gpu"], busy["m/h100/2gpu"]
	if one != two || one < time.Hour {
		t.Fatal(busy)
	}
	for ttl, want := range map[time.Duration]int{one: 0, one - time.Millisecond: 1} {
		provider := fmt.Sprintf("provider \"fake\" \"f\" { ttl = %q }", ttl)
		text := strings.Replace(priced(""), `provider "fake" "f" {}`, provider, 1)
		_, diags := buildText(t, text, plan.Config{Providers: billed})
		if len(diags) != want {
			t.Errorf("ttl = %s: %v, want %d warnings", ttl, diags, want)
		}
		for _, d := range diags {
			if d.Summary != "Short time limit" || lineOf(d) != 7 ||
				!strings.Contains(d.Detail, "on m/h100/1gpu are expected to take about 1h") ||
				!strings.HasSuffix(d.Detail, "of 1 other deployment of this provider.") {
				t.Errorf("it warns: %d: %s", lineOf(d), d.Detail)
			}
		}
	}
}

// Texts are expected to take as long as their mean lengths do, and conversations at a rate as long as they
// come in, with the last one.
func TestExpectedTimes(t *testing.T) {
	const token, prefill = 25 * time.Millisecond, 100 * time.Microsecond // what an estimate assumes
	for name, tt := range map[string]struct {
		workload, pressure string
		want               time.Duration
	}{
		"texts": { // of 105 and 53 tokens on average, in four waves
			"dataset = \"p.jsonl\"\n  requests = 16", "users = 4", 4 * (53*token + 105*prefill),
		},
		"texts with answers of a length": {
			"dataset = \"p.jsonl\"\n  osl = 8\n  requests = 16", "users = 4", 4 * (8*token + 105*prefill),
		},
		"at a rate": { // 40 requests at 2 a second, half of the ramp and the last answer
			"isl = 100\n  osl = 8\n  requests = 40\n  ramp = \"6s\"", "rate = 2",
			3*time.Second + 20*time.Second + 8*token + 100*prefill,
		},
		"conversations at a rate": { // ten, one every half second; their prompts have 100, 208, 316 and 424 tokens
			"isl = 100\n  osl = 8\n  turns = 4\n  requests = 40", "rate = 2", 5*time.Second + 4*(8*token+262*prefill),
		},
		"a duration": {"isl = 100\n  osl = 8\n  duration = \"90s\"", "users = 4", 90 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.NewReplacer("  ISL\n  OSL", "  "+tt.workload, "users    = 4", tt.pressure,
				"  repo     = \"org/m\"\n", "  repo = \"org/m\"\n  tokenizer = \"letters.json\"\n").Replace(lengthy)
			p, diags := buildText(t, text, plan.Config{Providers: billed})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			for _, step := range p.Steps {
				got := time.Duration(step.Expected)
				switch step.Address.Kind {
				case plan.Deploy:
					if got != time.Hour {
						t.Errorf("the start-up is expected to take %s", got)
					}
				case plan.Load:
					if got != tt.want {
						t.Errorf("the load is expected to take %s, want %s", got, tt.want)
					}
				}
			}
		})
	}
}

// A warm-up that sends nothing takes no time, however long its load is.
func TestColdWarmupTakesNoTime(t *testing.T) {
	const cold = "  isl = 9\n  osl = 9\n  warmup = 0\n  duration = \"90s\""
	text := strings.Replace(lengthy, "  ISL\n  OSL", cold, 1)
	p, diags := buildText(t, text, plan.Config{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if warmup := p.Steps[1]; warmup.Address.Kind != plan.Warmup || warmup.Expected != 0 {
		t.Errorf("%s is expected to take %s", warmup.Address, time.Duration(warmup.Expected))
	}
}
