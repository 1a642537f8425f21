package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/aggregate/report"
)

// seed is the first row of the table that the first benchmark published, measured once.
func seed() result.Cell {
	return result.Cell{
		Labels: result.Labels{Model: "Qwen3-8B-FP8", GPUType: "H100", GPUs: 1, Users: 128, ISL: 1024, OSL: 256, Trial: 1},
		Status: result.StatusOK, Validity: "valid",
		Metrics: map[string]float64{
			"output_tps": 1255, "output_tps_per_gpu": 1255, "e2el_mean_s": 10.2, "interactivity": 29.2, "interactivity_mean": 29.2, "ttft_mean_s": 1.39, "tok_s_per_kw": 6907,
			"requests_attempted": 50, "requests_ok": 50, "requests_failed": 0,
		},
	}
}

// conversation is of four turns, some of which failed.
func conversation() result.Cell {
	c := seed()
	c.Turns, c.ThinkTime = "4", "exponential(2s)"
	for name, v := range map[string]float64{
		"isl_mean": 2944, "osl_mean": 256, "sessions": 1234, "turns_unsent": 12, "ttft_first_turn_mean_s": 1.5, "ttft_later_turns_mean_s": .5,
		"ttft_later_turns_p50_s": .4, "ttft_later_turns_p99_s": .9, "isl_mean_first_turn": 1024, "isl_mean_later_turns": 3584, "prefix_hit_first_turn": 0, "prefix_hit_later_turns": .714,
	} {
		c.Metrics[name] = v
	}
	return c
}

func TestMarkdownHasATableOfTurns(t *testing.T) {
	var b bytes.Buffer
	if err := report.Markdown(&b, result.Results{Suite: "s", Cells: []result.Cell{conversation()}}); err != nil {
		t.Fatal(err)
	}
	want := `### Conversations

| Config | Conversations | Turns | Input tokens | From the prefix cache | TTFT mean | TTFT p50 | TTFT p90 | TTFT p99 |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
| 1GPU/128U | 1,234 | first | 1,024 | 0 % | 1.50s | – | – | – |
| 1GPU/128U | 1,234 | later | 3,584 | 71.4 % | 500ms | 400ms | – | 900ms |

Turns that were not attempted, as one before them in their conversation had failed: 12 (1GPU/128U).

`
	if !strings.Contains(b.String(), want) {
		t.Errorf("no table of turns in\n%s", b.String())
	}
	b.Reset()
	if err := report.Markdown(&b, result.Results{Suite: "s", Cells: []result.Cell{seed()}}); err != nil || strings.Contains(b.String(), "Conversations") {
		t.Errorf("requests that stand alone have one (%v):\n%s", err, b.String())
	}
}

func render(t *testing.T, cells ...result.Cell) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Text(&b, result.Results{Schema: 1, Suite: "s", Cells: cells, Simulated: cells[0].Simulated}, 0); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextIsTheSeedsTable(t *testing.T) {
	want := `Qwen3-8B-FP8 on H100 (ISL: 1024, OSL: 256)
┌───────────┬──────┬───────┬─────────────┬─────────┬─────────────────┬───────┬────────────────┐
│ Config    │ GPUs │ Users │ Thru/GPU    │ Latency │ Interactivity   │ TTFT  │ Power Eff.     │
├───────────┼──────┼───────┼─────────────┼─────────┼─────────────────┼───────┼────────────────┤
│ 1GPU/128U │    1 │ 128   │ 1,255 tok/s │ 10.2s   │ 29.2 tok/s/user │ 1.39s │ 6,907 tok/s/kW │
└───────────┴──────┴───────┴─────────────┴─────────┴─────────────────┴───────┴────────────────┘

`
	if diff := cmp.Diff(want, render(t, seed())); diff != "" {
		t.Error(diff)
	}
}

func TestTextNeverHidesAReservation(t *testing.T) {
	second := seed()
	second.Trial, second.Metrics = 2, map[string]float64{"output_tps_per_gpu": 1245}
	simulated := seed()
	simulated.Simulated = true
	invalid := seed()
	invalid.Validity, invalid.Reasons, invalid.Notes = "invalid", []string{"errors"}, []string{"errors: 9 of 50 requests failed"}
	failed := seed()
	failed.Status, failed.Failure, failed.Metrics = result.StatusFailed, "no GPU", nil
	failed.Validity, failed.Reasons, failed.Notes = "invalid", []string{"failed"}, []string{"failed: no GPU"}
	missing := seed()
	missing.Status, missing.Failure, missing.Metrics = result.StatusMissing, "not measured: the run was interrupted", nil
	missing.Validity, missing.Reasons, missing.Notes = "invalid", []string{"not_measured"}, []string{"not_measured: the run was interrupted"}
	slow := seed()
	slow.SLOMissed, slow.SLONotes = []string{"ttft_p99"}, []string{"ttft_p99 7.2 ms > 5 ms"}
	noted := seed()
	noted.Validity, noted.Reasons, noted.Notes = "valid_with_notes", []string{"power_missing"}, []string{"power_missing: no power was read"}
	powerless := seed()
	delete(powerless.Metrics, "tok_s_per_kw")
	open := seed()
	open.Users, open.RateRPS = 0, 2.5
	open.Metrics["sent_rps"], open.Metrics["sent_gap_cv"] = 2.444, 0.98
	faster, bursts := seed(), seed()
	faster.Users, faster.RateRPS = 0, 5
	faster.Metrics["sent_rps"], faster.Metrics["sent_gap_cv"] = 5.12, 1.031
	bursts.Workload, bursts.Users, bursts.RateRPS = "bursts", 0, 5
	otherLength := seed()
	otherLength.ISL = 4096
	drawn, drawnToo := seed(), seed()
	drawn.OSLDistribution, drawnToo.OSLDistribution = "lognormal(256, 64)", "lognormal(256, 64)"
	drawnToo.Users = 64
	drawn.Metrics["isl_mean"], drawn.Metrics["osl_mean"] = 1024, 250.2
	drawnToo.Metrics["isl_mean"], drawnToo.Metrics["osl_mean"] = 1024, 261.8
	spoken, pausing := conversation(), seed()
	pausing.ThinkTime = "2s"
	cases := []struct {
		name  string
		cells []result.Cell
		want  []string
	}{
		{"spread of trials", []result.Cell{seed(), second}, []string{"1,250 ± 5 tok/s", "± is half of the range"}},
		{"simulation", []result.Cell{simulated}, []string{"These results are simulated", "(ISL: 1024, OSL: 256), simulated"}},
		{"an invalid cell", []result.Cell{invalid}, []string{"1GPU/128U† ", "errors: 9 of 50 requests failed (1GPU/128U)", "† a trial failed"}},
		{"a failed cell", []result.Cell{failed}, []string{"1GPU/128U† ", "│ failed", "failed: no GPU (1GPU/128U)"}},
		{"a cell that nobody measured", []result.Cell{missing}, []string{"1GPU/128U† ", "│ not measured", "not_measured: the run was interrupted (1GPU/128U)"}},
		{"a missed objective", []result.Cell{slow}, []string{"1GPU/128U‡ ", "‡ 1GPU/128U: ttft_p99 7.2 ms > 5 ms", "‡ misses an objective"}},
		{"a note on what is shown", []result.Cell{noted}, []string{"1GPU/128U* ", "* valid, with a note", "power_missing: no power was read (1GPU/128U)"}},
		{"no power", []result.Cell{powerless}, []string{"│ –          │"}},
		{"an open loop", []result.Cell{open}, []string{
			"1GPU/2.5rps", "│ 2.5/s", "│ Rate ", "Requests were sent at 2.44/s (1GPU/2.5rps); the coefficient of variation of their gaps is 0.98.\n",
		}},
		{"rates", []result.Cell{open, faster}, []string{
			"Requests were sent at 2.44/s (1GPU/2.5rps), 5.12/s (1GPU/5rps); the coefficient of variation of their gaps is 0.98 to 1.03.\n",
		}},
		{"users and a rate", []result.Cell{seed(), open}, []string{"│ Users or rate ", "│ 128           ", "│ 2.5/s         "}},
		{"two workloads", []result.Cell{open, bursts}, []string{"OSL: 256)\nworkload bursts\n"}},
		{"lengths that are drawn", []result.Cell{drawn, drawnToo}, []string{
			"(ISL: 1024, OSL: lognormal(256, 64))\nRequests had, as the mean of a cell, 1024 input tokens and 250 to 262 output tokens.\n",
		}},
		{"a table for each distribution", []result.Cell{seed(), drawn}, []string{"OSL: 256)", "OSL: lognormal(256, 64))"}},
		{"conversations", []result.Cell{spoken}, []string{
			"(ISL: 1024, OSL: 256, turns: 4, think time: exponential(2s))\n", "Requests had, as the mean of a cell, 2944 input tokens and 256 output tokens.\n",
			"The first token of an answer took, on average, 1.50s in first and 500ms in later turns (1GPU/128U, 71.4 % of whose input came from the prefix cache). " +
				"Turns that were not attempted, as one before them in their conversation had failed: 12 (1GPU/128U).\n",
		}},
		{"users who think", []result.Cell{pausing}, []string{"(ISL: 1024, OSL: 256, think time: 2s)\n"}},
		{"a table for each length", []result.Cell{seed(), otherLength}, []string{"ISL: 1024", "ISL: 4096"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := render(t, c.cells...)
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
		})
	}
}

// wide is a table with everything that takes room: a spread in every number, marks, remarks and simulation.
func wide() result.Results {
	var cells []result.Cell
	for users := 16; users <= 64; users *= 2 {
		for trial := 1; trial <= 3; trial++ {
			c := seed()
			c.Users, c.Trial, c.Simulated = users, trial, true
			for name := range c.Metrics {
				c.Metrics[name] *= 1 + 0.037*float64(trial)
			}
			c.Validity, c.Reasons, c.Notes = "invalid", []string{"errors"}, []string{"errors: 9 of 50 requests failed (9 http_error), first: connection refused"}
			c.SLOMissed, c.SLONotes = []string{"ttft_p99"}, []string{"ttft_p99 7.2 ms > 5 ms"}
			cells = append(cells, c)
		}
	}
	return result.Results{Simulated: true, Cells: cells}
}

func TestTextKeepsToTheTerminal(t *testing.T) {
	for _, c := range []struct {
		width int
		want  []string
		not   []string
	}{
		{0, []string{"│ Config", "Users", "Power Eff.", " ± ", "± is half"}, []string{"lack of room"}},
		{100, []string{"Config", "Users", "Power Eff.", " ± ", "± is half"}, []string{"│"}},
		{80, []string{"Config", "Power Eff.", " ± ", "± is half"}, []string{"│", "Users", "lack of room"}},
		{60, []string{"Config", "Latency", "Interactivity", "TTFT", "Power Eff."}, []string{"│", " ± ", "± is"}},
		{40, []string{"Config", "Thru/GPU", "Latency", "For lack of room"}, []string{"│"}},
	} {
		t.Run(fmt.Sprint(c.width), func(t *testing.T) {
			var b bytes.Buffer
			if err := report.Text(&b, wide(), c.width); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if n := len([]rune(strings.TrimRight(line, "\n"))); c.width > 0 && n > c.width {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			for _, want := range c.want {
				if !strings.Contains(b.String(), want) {
					t.Errorf("no %q in\n%s", want, b.String())
				}
			}
			for _, not := range c.not {
				if strings.Contains(b.String(), not) {
					t.Errorf("%q in\n%s", not, b.String())
				}
			}
		})
	}
}

func TestRemarksAreSaidOnce(t *testing.T) {
	r := wide()
	r.Cells[0].Reasons, r.Cells[0].Notes = nil, nil
	var b bytes.Buffer
	if err := report.Text(&b, r, 0); err != nil {
		t.Fatal(err)
	}
	want := "(8 of 9 cells: 1GPU/16U trials 2 and 3, 1GPU/32U, 1GPU/64U)"
	if n := strings.Count(b.String(), "errors: "); n != 1 || !strings.Contains(b.String(), want) {
		t.Errorf("%d remarks, want one of %s\n%s", n, want, b.String())
	}
}

func TestSeedLeavesOutWhatItCannotSay(t *testing.T) {
	unanswered := seed()
	unanswered.Users, unanswered.Metrics = 64, map[string]float64{"requests_ok": 0, "requests_failed": 50, "requests_attempted": 50}
	second := seed()
	second.Trial = 2
	var b bytes.Buffer
	if err := report.Seed(&b, result.Results{Simulated: true, Cells: []result.Cell{seed(), unanswered, second}}); err != nil {
		t.Fatal(err)
	}
	want := `[
  {
    "n_gpu": 1,
    "n_users": 128,
    "config_label": "1GPU/128U",
    "isl": 1024,
    "osl": 256,
    "throughput_total": 1255,
    "throughput_per_gpu": 1255,
    "avg_latency_s": 10.2,
    "avg_ttft_s": 1.39,
    "interactivity_tokens_per_sec_per_user": 29.2,
    "total_requests": 100,
    "successful_requests": 100,
    "failed_requests": 0,
    "simulated": true,
    "model": "Qwen3-8B-FP8",
    "gpu_type": "H100"
  }
]
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
