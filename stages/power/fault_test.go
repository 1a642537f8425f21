package power_test

import (
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
	"github.com/strangeloopio/inferencex/stages/metric/gate"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
	"github.com/strangeloopio/inferencex/stages/power"
	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

// bench is a simulated server of two GPUs and a load on it.
type bench struct {
	*simtest.Server
	at     stage.Endpoint
	gpus   int
	before float64 // simulated seconds without work before the load
}

func newBench(t *testing.T, speed float64, faults ...string) *bench {
	t.Helper()
	const gpus = 2
	server := simtest.Start(t, simulator.Config{Model: "Qwen3-8B-FP8", Profile: "offline", Speed: speed, GPUs: gpus})
	b := &bench{Server: server, at: server.Endpoint(), gpus: gpus, before: 5}
	for _, fault := range faults {
		b.post(t, "/simulator/faults", fault, http.StatusNoContent)
	}
	return b
}

func (b *bench) post(t *testing.T, path, body string, want int) {
	resp, err := http.Post(b.at.URL+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != want {
		t.Errorf("POST %s %s: %d %s", path, body, resp.StatusCode, text)
	}
}

// idle waits until some simulated time has passed.
func (b *bench) idle(t *testing.T, seconds float64) {
	for until := b.SimulatedUnixNS() + int64(seconds*1e9); b.SimulatedUnixNS() < until; {
		select {
		case <-time.After(time.Millisecond):
		case <-t.Context().Done():
			return
		}
	}
}

// load idles for a while, answers 8 requests of 1500 tokens at once, about 9 s long, and returns the window of that.
func (b *bench) load(t *testing.T) (from, to int64) {
	b.idle(t, b.before)
	from = b.SimulatedUnixNS()
	var users sync.WaitGroup
	for range 8 {
		users.Go(func() {
			b.post(t, "/v1/completions", `{"model":"Qwen3-8B-FP8","prompt":"a b c","max_tokens":1500,"ignore_eos":true}`, http.StatusOK)
		})
	}
	users.Wait()
	return from, b.SimulatedUnixNS()
}

// truth is the energy of a window, by the counters of sensors that nothing disturbs.
func (b *bench) truth(t *testing.T, from, to int64) float64 {
	t.Helper()
	b.idle(t, 0.2)
	var sum float64
	for gpu := range b.gpus {
		at := func(ns int64) float64 {
			var before, after simulator.PowerRow
			for _, row := range b.TruePower(ns-1e8, ns+1e8) {
				switch {
				case row.GPUIndex != gpu:
				case row.TUnixNS <= ns:
					before = row
				case after.TUnixNS == 0:
					after = row
				}
			}
			if before.TUnixNS == 0 || after.TUnixNS == 0 {
				t.Fatalf("no reading around %d", ns)
			}
			return before.EnergyJ + (after.EnergyJ-before.EnergyJ)*float64(ns-before.TUnixNS)/float64(after.TUnixNS-before.TUnixNS)
		}
		sum += at(to) - at(from)
	}
	return sum
}

// codes are the gate's reasons that are about power.
func codes(estimate energy.Result, gpus int) string {
	s := metric.NewSample(stage.CellConfig{Labels: result.Labels{GPUs: gpus}}, stage.GPU{}, metric.Data{Energy: &estimate})
	var found []string
	for _, r := range gate.Judge(s, gate.Facts{}).Reasons {
		if strings.HasPrefix(r.Code, "power_") {
			found = append(found, r.Code)
		}
	}
	return strings.Join(found, " ")
}

// judge holds a result to the truth: either it is right, within what it says of itself, or the cell says why there is none.
func (b *bench) judge(t *testing.T, record measured.Power, from, to int64, want string) {
	t.Helper()
	estimate := record.Result
	if diff := cmp.Diff(want, codes(estimate, b.gpus)); diff != "" {
		t.Errorf("reasons (-want +got):\n%s\n%+v", diff, record)
	}
	if want != "" {
		if estimate.Valid || estimate.Joules != nil {
			t.Errorf("a number in spite of %s: %+v", want, estimate)
		}
		return
	}
	if !estimate.Valid {
		return
	}
	truth := b.truth(t, from, to)
	off := 100 * (*estimate.Joules/truth - 1)
	t.Logf("%.1f J by %s, %.1f J are true: %+.2f ± %.2f %%", *estimate.Joules, estimate.Method, truth, off, *estimate.U95Percent)
	if math.Abs(off) > *estimate.U95Percent {
		t.Errorf("%.1f J by %s, %.1f J are true: off by %.2f %%, said to be within %.2f %%", *estimate.Joules, estimate.Method, truth, off, *estimate.U95Percent)
	}
}

// Whatever goes wrong with the readings of a simulated server, no number is wrong without a reason.
func TestFaultsOfSimulatedPower(t *testing.T) {
	nobodyLooked := func(b *bench) { b.at.GPUs = nil }
	for _, tc := range []struct {
		name, fault string
		change      func(*bench)
		want        string // reasons; empty: the energy is right
		problem     string
	}{
		{"none", "", nil, "", ""},
		{"short gap", `{"kind":"power_gap","after_requests":1,"after_seconds":3,"seconds":0.5}`, nil, "", ""},
		{"short gap at the edge", `{"kind":"power_gap","after_requests":1,"seconds":0.6}`, nil, "", ""},
		{"gap of a fifth", `{"kind":"power_gap","after_requests":1,"after_seconds":3,"seconds":2}`, nil, "power_coverage", ""},
		{"gap", `{"kind":"power_gap","after_requests":1,"after_seconds":2,"seconds":4}`, nil, "power_gap power_coverage", ""},
		{"gap of one GPU", `{"kind":"power_gap","after_requests":1,"after_seconds":2,"seconds":4,"gpu":1}`, nil, "power_gap power_coverage", ""},
		{"gap to the end", `{"kind":"power_gap","after_requests":1,"after_seconds":2}`, nil, "power_window power_gap power_coverage", ""},
		{"no row at all", `{"kind":"power_gap"}`, nil, "power_missing", ""},
		{"counter reset", `{"kind":"power_counter_reset","after_requests":1,"after_seconds":3}`, nil, "power_counter", ""},
		{"[N/A]", `{"kind":"power_na","after_requests":1,"after_seconds":2,"seconds":4}`, nil, "power_gap power_coverage", ""},
		{"[N/A] for a moment", `{"kind":"power_na","after_requests":1,"after_seconds":2,"seconds":0.5}`, nil, "", ""},
		{"[N/A] throughout", `{"kind":"power_na"}`, nil, "power_missing", ""},
		{"[N/A] of one GPU", `{"kind":"power_na","gpu":0}`, nil, "power_devices", ""},
		{"foreign GPUs", `{"kind":"power_foreign_gpu","devices":6}`, nil, "", ""},
		{"foreign GPUs, and nobody knows ours", `{"kind":"power_foreign_gpu","devices":6}`, nobodyLooked, "power_devices", ""},
		{"clock a little ahead", `{"kind":"power_clock","offset_seconds":0.2}`, nil, "", ""},
		{"clock ahead", `{"kind":"power_clock","offset_seconds":1.5}`, nil, "power_clock", ""},
		{"clock behind", `{"kind":"power_clock","offset_seconds":-1.5}`, nil, "power_clock", ""},
		{"clock that goes back", `{"kind":"power_clock","after_requests":1,"after_seconds":2,"seconds":2,"offset_seconds":2}`, nil, "power_clock", ""},
		{"clock set right in the middle", `{"kind":"power_clock","seconds":6,"offset_seconds":-0.8}`, nil, "", ""},
		{"torn rows", `{"kind":"power_torn_row","after_requests":1,"after_seconds":2,"count":5}`, nil, "", "lines are no readings"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var faults []string
			if tc.fault != "" {
				faults = []string{tc.fault}
			}
			b := newBench(t, 20, faults...)
			if tc.change != nil {
				tc.change(b)
			}
			from, to := b.load(t)
			task := newTask(t, b.at, b.gpus, `{}`, from, to)
			if err := power.New(power.Config{}).Run(t.Context(), simtest.Env(), task); err != nil {
				t.Fatal(err)
			}
			record, _ := results(t, task)
			b.judge(t, record, from, to, tc.want)
			if !strings.Contains(record.Problem, tc.problem) || tc.problem == "" && record.Problem != "" {
				t.Errorf("problem %q, want %q", record.Problem, tc.problem)
			}
		})
	}
}
