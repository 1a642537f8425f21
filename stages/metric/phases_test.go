package metric_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/schemas/workload/phase"
	"github.com/strangeloopio/inferencex/stages/metric"
)

// randomPhases are phases of a rate that take the time of a random load, begun at the first moment of it.
func randomPhases(rng *rand.Rand) phase.Phases {
	var phases phase.Phases
	for range 1 + rng.IntN(4) {
		p := phase.Phase{RateRPS: float64(rng.IntN(4)), Duration: time.Duration(50 + rng.IntN(300))}
		if rng.IntN(2) == 0 {
			p.Ramp = time.Duration(rng.Int64N(int64(p.Duration) + 1))
		}
		phases = append(phases, p)
	}
	phases[0].RateRPS = 1
	return phases
}

// part computes what the metrics of a stretch are by their definitions alone, moment by moment.
func (n naive) part(from, to int64) map[string]float64 {
	values := map[string]float64{}
	seconds := float64(to-from) / 1e9
	inside := func(t int64) bool { return from < t && t <= to }
	var attempted, oks, cut, sent, done, output, input float64
	var ttft []float64
	for i, r := range n.data.Requests {
		if from <= r.TSched && r.TSched < to {
			if r.Status != "cancelled" {
				attempted++
			}
			if r.Status == "unfinished" {
				cut++
			}
			if r.Status != "dropped" {
				sent++
			}
			if r.Status == "ok" {
				oks++
				ttft = append(ttft, float64(*r.TFirstToken-r.TSend)/1e9)
			}
		}
		if r.Status == "ok" && inside(r.TDone) {
			done++
		}
		if r.Status == "ok" && inside(*r.TFirstToken) {
			input += float64(*r.ISL)
		}
		for _, c := range n.data.Chunks {
			if c.Request == int64(i) && slices.Contains([]string{"ok", "unfinished", "cancelled"}, r.Status) && inside(c.TNS) {
				output += float64(c.Tokens)
			}
		}
	}
	values["requests_attempted"], values["requests_ok"], values["requests_failed"] = attempted, oks, attempted-oks-cut
	values["sent_rps"], values["rps"], values["input_tps"] = sent/seconds, done/seconds, input/seconds
	if len(n.data.Chunks) > 0 {
		values["output_tps"], values["output_tps_per_gpu"] = output/seconds, output/seconds/2
	}
	if len(ttft) > 0 {
		slices.Sort(ttft)
		values["ttft_p50_s"] = (ttft[(len(ttft)-1)/2] + ttft[len(ttft)/2]) / 2
	}
	busy := 0
	for t := from; t < to; t++ {
		busy += n.inFlight(t)
	}
	values["achieved_concurrency"] = float64(busy) / float64(to-from)
	return values
}

// TestPhasesAgainstTheirDefinitions computes the parts of many loads twice.
func TestPhasesAgainstTheirDefinitions(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	seen, ramps := map[string]int{}, 0
	for i := range 200 {
		_, data := randomLoad(rng)
		data.StartNS = 1 + rng.Int64N(20)
		phases := randomPhases(rng)
		s := metric.NewSample(stage.CellConfig{Labels: result.Labels{GPUs: 2, RateRPS: 1, Pattern: phases.String()}, Phases: phases}, stage.GPU{}, data)
		parts := slices.Collect(s.Parts())
		if len(parts) != len(phases.Stretches()) {
			t.Fatalf("load %d: %d parts of %d stretches", i, len(parts), len(phases.Stretches()))
		}
		for _, part := range parts {
			if part.Ramp() {
				ramps++
			}
			want := naive{data: data}.part(data.StartNS+int64(part.From), data.StartNS+int64(part.To))
			got := map[string]float64{}
			for _, d := range metric.OfPhases() {
				if _, compared := want[d.Name]; !compared && d.Name != "ttft_p50_s" && d.Name != "output_tps" && d.Name != "output_tps_per_gpu" {
					continue
				}
				if v, ok := d.Compute(part); ok {
					got[d.Name] = v
					seen[d.Name]++
				}
			}
			if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(a) })); diff != "" {
				t.Fatalf("load %d, %+v (-definition +computed):\n%s", i, part.Stretch, diff)
			}
		}
	}
	for _, name := range []string{
		"requests_attempted", "requests_ok", "requests_failed", "sent_rps", "rps", "input_tps", "output_tps", "output_tps_per_gpu", "ttft_p50_s", "achieved_concurrency",
	} {
		if seen[name] < 200 {
			t.Errorf("only %d parts have %s: the loads are too much alike", seen[name], name)
		}
	}
	if ramps < 100 {
		t.Errorf("only %d ramps", ramps)
	}
}

// Each metric of a phase has the name and the unit of the metric of whole loads that it is.
func TestPhaseMetricsAreThoseOfLoads(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range metric.OfPhases() {
		whole, known := metric.Find(d.Name)
		if !known || whole.Unit != d.Unit || d.Doc == "" || seen[d.Name] {
			t.Errorf("%s in %q: of loads it is %q in %q; twice %v", d.Name, d.Unit, whole.Name, whole.Unit, seen[d.Name])
		}
		seen[d.Name] = true
	}
}

func TestPhasesOfWhatTheServerSays(t *testing.T) {
	p := func(v float64) *float64 { return &v }
	row := func(phase string, at int64, waiting *float64) table.Server {
		return table.Server{Phase: phase, TSend: at, TDone: at + 5, Waiting: waiting}
	}
	data := metric.Data{StartNS: 100, Server: []table.Server{
		row("before", 100, p(90)), row("during", 101, p(1)), row("during", 150, p(3)), row("during", 197, p(50)), row("during", 210, p(7)), row("after", 280, p(90)),
	}}
	cell := stage.CellConfig{Labels: result.Labels{Users: 4}, Phases: phase.Phases{{Users: 2, Duration: 100}, {Users: 4, Duration: 100}, {Users: 1, Duration: 100}}}
	var got [][2]float64
	for part := range metric.NewSample(cell, stage.GPU{}, data).Parts() {
		values := [2]float64{-1, -1}
		for _, d := range metric.OfPhases() {
			if i := slices.Index([]string{"server_queue_mean", "server_queue_max"}, d.Name); i >= 0 {
				if v, ok := d.Compute(part); ok {
					values[i] = v
				}
			}
		}
		got = append(got, values)
	}
	if diff := cmp.Diff([][2]float64{{2, 3}, {7, 7}, {-1, -1}}, got); diff != "" { // the reading at 197 is of neither
		t.Error(diff)
	}
}

func TestALoadThatSentNothingHasNoParts(t *testing.T) {
	cell := stage.CellConfig{Phases: phase.Phases{{Users: 1, Duration: time.Second}}}
	if parts := slices.Collect(metric.NewSample(cell, stage.GPU{}, metric.Data{}).Parts()); len(parts) != 0 {
		t.Errorf("%d parts", len(parts))
	}
}
