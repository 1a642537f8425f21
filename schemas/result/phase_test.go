package result_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/schemas/result"
)

// phased is a run of two trials of a load that goes through a ramp.
func phased() result.Results {
	r := example()
	r.PhaseMetrics = []result.Metric{{Name: "rps", Unit: "1/s", Better: "higher", Doc: "a"}, {Name: "ttft_p50_s", Unit: "s", Better: "lower", Doc: "b"}}
	from := 2.0
	r.Cells = r.Cells[:2]
	for i := range r.Cells {
		r.Cells[i].Labels = r.Cells[0].Labels
		r.Cells[i].Phases = []result.Phase{
			{Phase: 1, ToSeconds: 10, RateRPS: 2, Metrics: map[string]float64{"rps": 1.5 + float64(i), "ttft_p50_s": 0.1}},
			{Phase: 2, FromSeconds: 10, ToSeconds: 15, RateRPS: 8, RampFrom: &from, Metrics: map[string]float64{"rps": 5}},
		}
	}
	delete(r.Cells[1].Phases[0].Metrics, "ttft_p50_s")
	return r
}

func TestPhasesReadBack(t *testing.T) {
	var b bytes.Buffer
	if err := phased().Encode(&b); err != nil {
		t.Fatal(err)
	}
	flat := strings.Join(strings.Fields(b.String()), " ")
	if want := `"phases": [ { "phase": 1, "from_s": 0, "to_s": 10, "users": 0, "rate_rps": 2, "ramp_from": null, "rps": 2.5, "ttft_p50_s": null }, ` +
		`{ "phase": 2, "from_s": 10, "to_s": 15, "users": 0, "rate_rps": 8, "ramp_from": 2, "rps": 5, "ttft_p50_s": null } ] }`; !strings.Contains(flat, want) {
		t.Errorf("the file lacks %s:\n%s", want, b.String())
	}
	got, err := result.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(phased(), got); diff != "" {
		t.Error(diff)
	}
	broken := `{"schema":1,"phase_metrics":[{"name":"rps"}],"cells":[{"phases":[{"phase":1},{"rps":"many"}]}]}`
	if _, err := result.Decode(strings.NewReader(broken)); err == nil || !strings.Contains(err.Error(), "cell 0: phase 1: json: cannot unmarshal string") {
		t.Errorf("a text for a number gives %v", err)
	}
}

func TestPhasesOfAPoint(t *testing.T) {
	points := result.Points(phased().Cells[:1])
	if n := len(points[0].Phases()); n != 2 {
		t.Errorf("%d phases of one trial", n)
	}
	two := result.Point{Trials: phased().Cells}
	phases := two.Phases()
	if len(phases) != 2 || phases[1].ToSeconds != 15 {
		t.Fatalf("phases %+v", phases)
	}
	rps, _ := phases[0].Stat("rps")
	ttft, _ := phases[0].Stat("ttft_p50_s")
	if rps != (result.Stat{N: 2, Mean: 2, Min: 1.5, Max: 2.5}) || ttft != (result.Stat{N: 1, Mean: 0.1, Min: 0.1, Max: 0.1}) {
		t.Errorf("rps %+v, ttft %+v", rps, ttft)
	}
	if _, there := phases[1].Stat("ttft_p50_s"); there {
		t.Error("a metric that no trial has")
	}
}

func TestPhaseLabel(t *testing.T) {
	from := 8.0
	for want, c := range map[string]struct {
		phase result.Phase
		open  bool
	}{
		"8 users":     {result.Phase{Users: 8}, false},
		"8 → 0 users": {result.Phase{RampFrom: &from}, false},
		"2.5/s":       {result.Phase{RateRPS: 2.5}, true},
		"8 → 2.5/s":   {result.Phase{RateRPS: 2.5, RampFrom: &from}, true},
		"8 → 0/s":     {result.Phase{RampFrom: &from}, true},
	} {
		if got := c.phase.Label(c.open); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
