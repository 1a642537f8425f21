package result_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/result"
)

func TestNumbersHaveThreeDigitsThatCount(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.0384: "0.0384", 0.39: "0.390", 0.9996: "1.00", 1.389: "1.39", 9.996: "10.0", 29.24: "29.2",
		99.96: "100", 653.4: "653", 999.6: "1,000", 6907: "6,907", 1234567: "1,234,567", -1255: "-1,255", 1e-9: "0.000000",
	} {
		if got := result.Number(v); got != want {
			t.Errorf("Number(%g) = %q, want %q", v, got, want)
		}
	}
}

func TestASpreadIsNeverPrintedAsNone(t *testing.T) {
	for want, s := range map[string]result.Stat{
		"0.214 ± 0.003":    {N: 2, Mean: 0.214, Min: 0.211, Max: 0.217},
		"0.214 ± 0.0002":   {N: 2, Mean: 0.214, Min: 0.2138, Max: 0.2142},
		"326 ± 0.2":        {N: 3, Mean: 326, Min: 325.8, Max: 326.2},
		"2,048 ± 0":        {N: 3, Mean: 2048, Min: 2048, Max: 2048},
		"1,250 ± 5":        {N: 2, Mean: 1250, Min: 1245, Max: 1255},
		"29.2":             {N: 1, Mean: 29.2, Min: 29.2, Max: 29.2},
		"0.0300 ± 0.00005": {N: 2, Mean: 0.03, Min: 0.02995, Max: 0.03005},
	} {
		if got := s.Spread(); got != want {
			t.Errorf("%+v is printed as %q, want %q", s, got, want)
		}
	}
}

func TestCompareTellsValueAndBoundApart(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  string
		bound float64
		want  string
	}{
		{0.0072, "s", 0.005, "7.2 ms > 5 ms"},
		{1.25, "s", 0.9, "1.25 s > 900 ms"},
		{0.005000001, "s", 0.005, "5.000001 ms > 5 ms"},
		{0.02, "fraction", 0.01, "2 % > 1 %"},
		{1255.4, "tokens/s", 1000, "1,255 tokens/s > 1,000 tokens/s"},
	} {
		if got := result.Compare(c.value, c.unit, ">", c.bound); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestRemarksGatherEqualReasons(t *testing.T) {
	cell := func(trial int, codes, notes []string) result.Cell {
		return result.Cell{Labels: result.Labels{Trial: trial}, Reasons: codes, Notes: notes}
	}
	small := "p99_small_n: p99 rests on 64 requests, fewer than 662"
	got := result.Remarks([]result.Cell{
		cell(1, []string{"p99_small_n"}, []string{small}),
		cell(2, []string{"errors", "p99_small_n"}, []string{"errors: 9 of 50 requests failed", small}),
		cell(3, []string{"p99_small_n"}, []string{"p99_small_n: p99 rests on 128 requests, fewer than 662"}),
	})
	var lines []string
	for _, r := range got {
		for _, d := range r.Details {
			line := r.Code + "|" + d.Text + "|"
			for _, c := range d.Cells {
				line += string(rune('0' + c.Trial))
			}
			lines = append(lines, line)
		}
	}
	want := []string{
		"p99_small_n|p99 rests on 64 requests, fewer than 662|12", "p99_small_n|p99 rests on 128 requests, fewer than 662|3",
		"errors|9 of 50 requests failed|2",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}

func TestMarks(t *testing.T) {
	small, power := []string{"p99_small_n"}, []string{"power_missing", "p90_small_n"}
	for _, c := range []struct {
		name    string
		cell    result.Cell
		metrics []string
		want    string
	}{
		{"valid", result.Cell{Validity: result.Valid}, []string{"ttft_p99_s"}, ""},
		{"a small n of what is not shown", result.Cell{Validity: result.ValidWithNotes, Reasons: small}, []string{"ttft_mean_s", "ttft_p90_s"}, ""},
		{"a small n of what is shown", result.Cell{Validity: result.ValidWithNotes, Reasons: small}, []string{"ttft_p99_s"}, "*"},
		{"another note", result.Cell{Validity: result.ValidWithNotes, Reasons: power}, []string{"ttft_mean_s"}, "*"},
		{"invalid", result.Cell{Validity: result.Invalid, Reasons: []string{"errors"}}, nil, "†"},
		{"an objective", result.Cell{Validity: result.Valid, SLOMissed: []string{"ttft_p99"}}, nil, "‡"},
		{"both", result.Cell{Validity: result.Invalid, SLOMissed: []string{"ttft_p99"}}, nil, "†‡"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.cell.Status = result.StatusOK
			if got := result.Points([]result.Cell{c.cell})[0].Mark(c.metrics...); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestStatusOfAPoint(t *testing.T) {
	for want, statuses := range map[string][]string{
		result.StatusOK:      {result.StatusFailed, result.StatusOK},
		result.StatusFailed:  {result.StatusFailed, result.StatusMissing},
		result.StatusMissing: {result.StatusMissing, result.StatusMissing},
	} {
		var cells []result.Cell
		for i, s := range statuses {
			cells = append(cells, result.Cell{Labels: result.Labels{Trial: i + 1}, Status: s})
		}
		if got := result.Points(cells)[0].Status(); got != want {
			t.Errorf("%v make %q, want %q", statuses, got, want)
		}
	}
}

func TestProvenanceSaysEachThingOnce(t *testing.T) {
	r := example()
	third := r.Cells[0]
	third.MeasuredAt, third.Run, third.Revision, third.EngineVersion = "2026-01-04T09:00:00Z", "older", "", ""
	third.ServerEngine = "unknown"
	r.Cells = append(r.Cells, r.Cells[0], third) // the second of the example's cells failed
	want := result.Provenance{
		Models:   []string{"Qwen/Q@220b46e", "Qwen/Q"},
		Engines:  []string{"vllm 0.11.0 vllm/vllm-openai:v0.11.0 --max-num-seqs 64", "vllm vllm/vllm-openai:v0.11.0 --max-num-seqs 64"},
		GPUNames: []string{"NVIDIA H100 80GB HBM3"}, Providers: []string{"local"}, Runs: []string{"20260105T100000Z-demo-0000", "older"},
		From: "2026-01-04T09:00:00Z", To: "2026-01-05T10:00:07Z",
	}
	if diff := cmp.Diff(want, r.Provenance()); diff != "" {
		t.Error(diff)
	}
}
