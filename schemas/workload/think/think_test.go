package think

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func decode(t *testing.T, text string) (Time, error) {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(text), "e.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	v, diags := e.Value(nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return Decode(v)
}

func TestDecode(t *testing.T) {
	const expected = `write a duration such as "2s", or one of { exponential = "2s" } and { uniform = ["1s", "3s"] }`
	for name, tt := range map[string]struct {
		text             string
		words, json, err string
		mean             time.Duration
	}{
		"none":            {text: `"0s"`, words: "0s", json: `"0s"`},
		"constant":        {text: `"2s"`, words: "2s", json: `"2s"`, mean: 2 * time.Second},
		"in other words":  {text: `"2000ms"`, words: "2s", json: `"2s"`, mean: 2 * time.Second},
		"exponential":     {text: `{ exponential = "2s" }`, words: "exponential(2s)", json: `{"exponential":"2s"}`, mean: 2 * time.Second},
		"no longer than":  {text: `{ exponential = "2s", max = "10s" }`, words: "exponential(2s) to 10s", json: `{"exponential":"2s","max":"10s"}`, mean: 1986524106},
		"uniform":         {text: `{ uniform = ["1s", "3s"], max = null }`, words: "uniform(1s, 3s)", json: `{"uniform":["1s","3s"]}`, mean: 2 * time.Second},
		"uniform of one":  {text: `{ uniform = ["1s", "1s"] }`, words: "1s", json: `"1s"`, mean: time.Second},
		"negative":        {text: `"-1s"`, err: `"-1s" is negative`},
		"number":          {text: `2`, err: "a number is no time; " + expected},
		"list":            {text: `[]`, err: "a list is no time; " + expected},
		"nothing":         {text: `{}`, err: "an object that names no shape is no time; " + expected},
		"misspelt":        {text: `{ exponental = "2s" }`, err: `"exponental" is no shape of a time. Did you mean "exponential"?`},
		"both":            {text: `{ exponential = "2s", uniform = ["1s", "3s"] }`, err: "exponential and uniform exclude each other; " + expected},
		"stray":           {text: `{ exponential = "2s", mx = "3s" }`, err: `"mx" has no meaning beside "exponential". Did you mean "max"?`},
		"stray uniform":   {text: `{ uniform = ["1s", "3s"], max = "3s" }`, err: `"max" has no meaning beside "uniform".`},
		"mean of nothing": {text: `{ exponential = "0s" }`, err: "exponential: a mean of no time; leave think_time out, or give more"},
		"mean of a kind":  {text: `{ exponential = 2 }`, err: `exponential: a number is no duration; write it with its unit: "2s"`},
		"max too short":   {text: `{ exponential = "2s", max = "1s" }`, err: "max: 1s is less than the mean of 2s"},
		"max of a kind":   {text: `{ exponential = "2s", max = [] }`, err: `max: a list is no duration; write it with its unit: "2s"`},
		"one bound":       {text: `{ uniform = ["1s"] }`, err: "uniform takes a list of two durations; " + expected},
		"null bound":      {text: `{ uniform = ["1s", null] }`, err: "uniform: one of the two durations is null"},
		"upside down":     {text: `{ uniform = ["3s", "1s"] }`, err: "uniform: 3s is longer than 1s; write the shorter one first"},
		"no unit":         {text: `{ uniform = ["3", "5"] }`, err: `uniform: "3" has no unit; write "3s", or another of ms, s, m and h`},
		"too long":        {text: `"25h"`, err: "25h0m0s is too long; the longest is 24h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decode(t, tt.text)
			if err != nil || tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("error %v, want %s", err, tt.err)
				}
				return
			}
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fmt.Sprintln(tt.words, tt.json, tt.mean), fmt.Sprintln(got, string(text), got.Mean())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var back Time
			if err := json.Unmarshal(text, &back); err != nil || back != got {
				t.Errorf("%s comes back as %+v (%v)", text, back, err)
			}
		})
	}
	for _, text := range []string{`{}`, `2`, `"soon"`, `{"uniform":["1s"]}`, `{"exponential":"soon"}`} {
		if err := json.Unmarshal([]byte(text), new(Time)); err == nil {
			t.Errorf("%s is read as a time", text)
		}
	}
}

func TestDraws(t *testing.T) {
	for name, tt := range map[string]struct {
		time           Time
		mean, spread   time.Duration
		least, longest time.Duration
	}{
		"none":        {},
		"constant":    {Of(2 * time.Second), 2 * time.Second, 0, 2 * time.Second, 2 * time.Second},
		"uniform":     {Time{Kind: Uniform, Lo: time.Second, Hi: 3 * time.Second}, 2 * time.Second, 577 * time.Millisecond, time.Second, 3 * time.Second},
		"exponential": {Time{Kind: Exponential, Length: 2 * time.Second}, 2 * time.Second, 2 * time.Second, 0, 40 * time.Second},
		"cut":         {Time{Kind: Exponential, Length: 2 * time.Second, Max: 2 * time.Second}, 1264 * time.Millisecond, 726 * time.Millisecond, 0, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			const who, times = 50, 400
			d := NewDraws(tt.time, 3, 1)
			var sum, squares float64
			for user := range int64(who) {
				for n := range int64(times) {
					drawn := d.At(user, n)
					if drawn < tt.least || drawn > tt.longest || drawn != NewDraws(tt.time, 3, 1).At(user, n) {
						t.Fatalf("%d pauses for %v", user, drawn)
					}
					sum += drawn.Seconds() / (who * times)
					squares += drawn.Seconds() * drawn.Seconds() / (who * times)
				}
			}
			spread := math.Sqrt(max(0, squares-sum*sum))
			if math.Abs(sum-tt.mean.Seconds()) > 0.02*tt.mean.Seconds() || math.Abs(spread-tt.spread.Seconds()) > 0.03*tt.mean.Seconds() {
				t.Errorf("mean %g s and deviation %g s, want %v and %v", sum, spread, tt.mean, tt.spread)
			}
		})
	}
	d := Time{Kind: Uniform, Hi: time.Hour}
	for name, other := range map[string]time.Duration{
		"user": NewDraws(d, 1, 1).At(2, 1), "time": NewDraws(d, 1, 1).At(1, 2), "seed": NewDraws(d, 2, 1).At(1, 1), "trial": NewDraws(d, 1, 2).At(1, 1),
	} {
		if other == NewDraws(d, 1, 1).At(1, 1) {
			t.Errorf("another %s has the same pause", name)
		}
	}
}
