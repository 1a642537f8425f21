package phase_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/strangeloopio/inferencex/schemas/workload/phase"
)

func decode(t *testing.T, text string) (phase.Phases, error) {
	t.Helper()
	expr, diags := hclsyntax.ParseExpression([]byte(text), "x", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	v, diags := expr.Value(nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return phase.Decode(v)
}

func TestPhases(t *testing.T) {
	const m = time.Minute
	for name, tc := range map[string]struct {
		text   string
		want   phase.Phases
		named  string
		most   int
		peak   float64
		mean   float64
		length time.Duration
	}{
		"users": {
			`[{ users = 8, duration = "1m" }, { users = 16, duration = "2m", ramp = "30s" }, { users = 0, duration = "1m" }]`,
			phase.Phases{{Users: 8, Duration: m}, {Users: 16, Ramp: m / 2, Duration: 2 * m}, {Duration: m}},
			"8-16-0u", 16, 0, 0, 4 * m,
		},
		"rates": {
			`[{ rate = 4, duration = "1m", ramp = "1m" }, { rate = 12.5, duration = "2m", ramp = "60s" }]`,
			phase.Phases{{RateRPS: 4, Ramp: m, Duration: m}, {RateRPS: 12.5, Ramp: m, Duration: 2 * m}},
			"4-12.5rps", 0, 12.5, (2 + 8.25 + 12.5) / 3, 3 * m,
		},
		"a null ramp": {`[{ rate = 4, duration = "1m", ramp = null }]`, phase.Phases{{RateRPS: 4, Duration: m}}, "4rps", 0, 4, 4, m},
		"many": {
			`[for n in [1, 2, 3, 4, 5, 6, 7] : { users = n, duration = "1m" }]`,
			phase.Phases{{Users: 1, Duration: m}, {Users: 2, Duration: m}, {Users: 3, Duration: m}, {Users: 4, Duration: m}, {Users: 5, Duration: m}, {Users: 6, Duration: m}, {Users: 7, Duration: m}},
			"1-to-7u", 7, 0, 0, 7 * m,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decode(t, tc.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.String() != tc.named || got.MostUsers() != tc.most || got.PeakRPS() != tc.peak || math.Abs(got.MeanRPS()-tc.mean) > 1e-6 || got.Duration() != tc.length {
				t.Errorf("%s: up to %d users, up to %g/s and %g/s on average for %v", got, got.MostUsers(), got.PeakRPS(), got.MeanRPS(), got.Duration())
			}
			if got.Open() != (tc.peak > 0) {
				t.Errorf("open: %v", got.Open())
			}
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			var back phase.Phases
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, back); diff != "" {
				t.Errorf("%s comes back as another (-want +got):\n%s", text, diff)
			}
		})
	}
}

func TestWrongPhases(t *testing.T) {
	for text, want := range map[string]string{
		`5`:                                "a number is no list of phases; write [{ rate = 5, duration = \"1m\" }, …], or users in place of a rate",
		`[]`:                               "nothing is ever sent: give a phase that has users or a rate above 0",
		`[{ users = 0, duration = "1m" }]`: "nothing is ever sent: give a phase that has users or a rate above 0",
		`["1m"]`:                           "phase 1: a string is no phase; write { rate = 5, duration = \"1m\" }, or users in place of a rate",
		`[{ duration = "1m" }]`:            "phase 1: set either users or rate",
		`[{ users = 1, rate = 1, duration = "1m" }]`:                      "phase 1: set either users or rate",
		`[{ users = 1, duration = "1m" }, { rate = 1, duration = "1m" }]`: "phase 2: it sets rate, and those before it users: a load has either users or a rate",
		`[{ users = 1.5, duration = "1m" }]`:                              "phase 1: users: 1.5 is not a whole number",
		`[{ rate = -1, duration = "1m" }]`:                                "phase 1: rate: -1 is too small; the least is 0",
		`[{ rate = "fast", duration = "1m" }]`:                            "phase 1: rate: a string is no number",
		`[{ rate = 1 }]`:                                                  "phase 1: it has no duration: set how long it lasts, such as duration = \"1m\"",
		`[{ rate = 1, duration = 60 }]`:                                   "phase 1: duration: a number is no duration; write it with its unit: \"30s\"",
		`[{ rate = 1, duration = "60" }]`:                                 "phase 1: duration: \"60\" has no unit; write \"60s\", or another of ms, s, m and h",
		`[{ rate = 1, duration = "1m", ramp = "2m" }]`:                    "phase 1: its ramp of 2m0s is longer than its duration of 1m0s, of which it is a part",
		`[{ rate = 1, duration = "1m", rmap = "2s" }]`:                    "phase 1: \"rmap\" has no meaning in a phase. Did you mean \"ramp\"?",
		`[{ rate = 1 }, { users = 1, duration = "x" }]`:                   "phase 1: it has no duration: set how long it lasts, such as duration = \"1m\"\nphase 2: duration: \"x\" is not a duration; write a number with a unit: \"500ms\", \"30s\", \"20m\", \"1h30m\"",
		`[for n in ` + longList() + ` : { rate = 1, duration = "1s" }]`:   "there are 1001 phases; the most is 1000",
	} {
		if _, err := decode(t, text); err == nil || err.Error() != want {
			t.Errorf("%s:\n%v, want\n%s", text, err, want)
		}
	}
}

func longList() string { return "[" + strings.Repeat("1,", 1000) + "1]" }
