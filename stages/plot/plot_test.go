package plot

import (
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
)

// results of three points: one of two trials, one without power, one that failed.
func results() result.Results {
	cell := func(users, trial int, tps float64, kw float64) result.Cell {
		c := result.Cell{
			Labels: result.Labels{Cell: "b/m", Benchmark: "b", Model: "m", Repo: "org/m", Revision: "0123abc", GPUType: "H100", GPUs: 1, Users: users, ISL: 64, OSL: 8, Trial: trial},
			Status: result.StatusOK, Validity: "valid", Simulated: true,
			Metrics: map[string]float64{"output_tps_per_gpu": tps, "e2el_mean_s": 1, "interactivity": 50, "ttft_mean_s": 0.1},
		}
		if kw > 0 {
			c.Metrics["tok_s_per_kw"] = kw
			c.Validity, c.Reasons = result.ValidWithNotes, []string{"p99_small_n"}
			c.Notes = []string{"p99_small_n: p99 rests on 64 requests, fewer than 662"}
		}
		return c
	}
	first, second := cell(16, 1, 100, 2000), cell(16, 2, 110, 2200)
	first.SLOMissed, first.SLONotes = []string{"ttft_p99"}, []string{"ttft_p99 7.2 ms > 5 ms"}
	first.Origin = result.Origin{MeasuredAt: "2026-01-05T10:00:00Z", ServerEngine: "vllm", EngineVersion: "0.11.0", GPUNames: []string{"NVIDIA H100 80GB HBM3"}}
	second.Origin = result.Origin{MeasuredAt: "2026-01-05T10:01:00Z", ServerEngine: "vllm", EngineVersion: "0.11.0"}
	missing := result.Cell{
		Labels: cell(256, 1, 0, 0).Labels, Status: result.StatusMissing, Failure: "not measured: the run was interrupted", Validity: result.Invalid,
		Reasons: []string{"not_measured"}, Notes: []string{"not_measured: the run was interrupted"},
	}
	failed := result.Cell{Labels: cell(64, 1, 0, 0).Labels, Status: result.StatusFailed, Failure: "load: errors: every request failed", Validity: "invalid", Reasons: []string{"errors"}, Notes: []string{"errors: every request failed"}}
	return result.Results{
		Schema: result.Schema, Simulated: true, Suite: "s",
		Metrics: []result.Metric{
			{Name: "output_tps_per_gpu", Unit: "tok/s/GPU", Better: "higher", Doc: "d"},
			{Name: "e2el_mean_s", Unit: "s"},
			{Name: "interactivity", Unit: "tok/s"},
			{Name: "ttft_mean_s", Unit: "s"},
			{Name: "tok_s_per_kw", Unit: "tok/s/kW"},
		},
		Seed: 42, Cells: []result.Cell{first, second, cell(32, 1, 200, 0), cell(128, 1, 300, 3000), failed, missing},
	}
}

func run(t *testing.T, r result.Results, config string) (string, error) {
	t.Helper()
	in, out := t.TempDir(), t.TempDir()
	var text bytes.Buffer
	if err := r.Encode(&text); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(in, "report"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(in, "report", "results.json"), text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return out, New().Run(context.Background(), stage.Env{}, stage.Task{
		Config: json.RawMessage(config), Dir: out, Inputs: []stage.Input{{Address: addr.Step{Kind: "aggregate"}, Dir: in}},
	})
}

func TestRunWritesEveryPictureAndThePage(t *testing.T) {
	dir, err := run(t, results(), `{"suite":"s","charts":["panels","pareto"]}`)
	if err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, "report", "*"))
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	if diff := cmp.Diff([]string{"index.html", "panels.png", "panels.svg", "pareto.svg"}, names); diff != "" {
		t.Error(diff)
	}
	page, err := os.ReadFile(filepath.Join(dir, "report", "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"every request failed", "105", "simulated", "org/m", "6, of which 1 failed and 1 not measured", "105 ± 5",
		"ttft_p99 7.2 ms &gt; 5 ms (trial 1)", "m H100 1GPU/16U*‡", "m H100 1GPU/64U†", "3 of 6 cells", "p99 rests on 64 requests", "org/m@0123abc",
		"NVIDIA H100 80GB HBM3", "vllm 0.11.0", "2026-01-05T10:00:00Z to 2026-01-05T10:01:00Z", "± is half of the range", "Seed", "not measured",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	picture, err := os.Open(filepath.Join(dir, "report", "panels.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	if _, err := png.Decode(picture); err != nil {
		t.Error(err)
	}
}

// Where lengths are drawn, the page says from what, and what they came to.
func TestDrawnLengthsOnThePage(t *testing.T) {
	r := results()
	r.Metrics = append(r.Metrics, result.Metric{Name: "isl_mean", Unit: "tokens"}, result.Metric{Name: "osl_mean", Unit: "tokens"})
	for i := range r.Cells {
		r.Cells[i].ISLDistribution = "uniform(32, 96)"
		if r.Cells[i].Status == result.StatusOK {
			r.Cells[i].Metrics["isl_mean"], r.Cells[i].Metrics["osl_mean"] = 63.4, 8
		}
	}
	got := pageOf("s", r, nil)
	columns := []string{}
	for _, c := range got.Table.Columns[:5] {
		columns = append(columns, c.Name)
	}
	if diff := cmp.Diff([]string{"Cell", "ISL", "OSL", "isl_mean", "osl_mean"}, columns); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"uniform(32, 96)", "8", "63.4", "8.00"}, got.Table.Rows[1][1:5]); diff != "" {
		t.Error(diff)
	}
	for _, fact := range got.Facts {
		if fact.Key == "Input × output tokens" && fact.Value != "uniform(32, 96) × 8" {
			t.Errorf("%+v", fact)
		}
	}
	if c := chartData("s", r).Cells[0]; c.Input() != "uniform(32, 96)" || c.Output() != "8" {
		t.Errorf("charts are told ISL %s, OSL %s", c.Input(), c.Output())
	}
}

// Where there are conversations, the page has first turns beside later ones.
func TestConversationsOnThePage(t *testing.T) {
	r := results()
	r.Metrics = append(r.Metrics, result.Metric{Name: "ttft_first_turn_mean_s", Unit: "s"}, result.Metric{Name: "ttft_later_turns_mean_s", Unit: "s"})
	for i := range r.Cells {
		if r.Cells[i].Turns = "4"; r.Cells[i].Status == result.StatusOK {
			r.Cells[i].Metrics["ttft_first_turn_mean_s"], r.Cells[i].Metrics["ttft_later_turns_mean_s"] = 1.5, .25
		}
	}
	shown := map[string]string{}
	got := pageOf("s", r, nil).Table
	for i, c := range got.Columns {
		shown[c.Name] = got.Rows[1][i]
	}
	if shown["ttft_first_turn_mean_s"] != "1.50" || shown["ttft_later_turns_mean_s"] != "0.250" {
		t.Errorf("the page has %v", shown)
	}
}

func TestTrialsBecomeOnePoint(t *testing.T) {
	data := chartData("s", results())
	if len(data.Cells) != 5 {
		t.Fatalf("%d points, want 5", len(data.Cells))
	}
	got := data.Cells[0].Values["output_tps_per_gpu"]
	if got.Mean != 105 || got.Low != 100 || got.High != 110 || got.Trials != 2 || !got.OK {
		t.Errorf("%+v", got)
	}
	if data.Cells[1].Values["tok_s_per_kw"].OK || data.Cells[3].Status != result.StatusFailed || data.Cells[4].Status != result.StatusMissing || data.Cells[3].Validity != "invalid" {
		t.Errorf("a missing or failed point is drawn: %+v", data.Cells[1:])
	}
}

func TestAnUnknownChartNamesTheKnown(t *testing.T) {
	_, err := run(t, results(), `{"suite":"s","charts":["panel"]}`)
	if err == nil || !strings.HasPrefix(err.Error(), `plot: there is no chart "panel"; there are: panels, pareto`) {
		t.Errorf("got %v", err)
	}
}
