package power_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/strangeloopio/inferencex/stages/metric/energy"
	"github.com/strangeloopio/inferencex/stages/power"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

// The sampler over a real process, pipe and clock, against GPUs whose energy is known: it is right within what it says of itself, or says why not.
func TestNvidiaSMIOfSimulatedGPUs(t *testing.T) {
	nobodyLooked := func(b *bench) { b.at.GPUs = nil }
	for _, tc := range []struct {
		name, mode, fault, options string
		change                     func(*bench)
		method                     energy.Method
		want                       string // reasons; empty: the energy is right
	}{
		{"padded", "simulated", "", `"pad":"2s"`, nil, energy.Padded, ""},
		{"without pads", "simulated", "", `"pad":"0s"`, nil, energy.Trapezoid, ""},
		{"older driver", "simulated 525", "", `"pad":"2s"`, nil, energy.Padded, ""},
		{"a reading a second", "simulated", "", `"pad":"4.5s","period":"1s"`, nil, energy.Padded, ""},
		{"torn rows", "simulated", `{"kind":"power_torn_row","after_requests":1,"after_seconds":2,"count":5}`, `"pad":"2s"`, nil, energy.Padded, ""},
		{"foreign GPUs", "simulated", `{"kind":"power_foreign_gpu","devices":6}`, `"pad":"2s"`, nil, energy.Padded, ""},
		{"foreign GPUs, and nobody knows ours", "simulated", `{"kind":"power_foreign_gpu","devices":6}`, `"pad":"2s"`, nobodyLooked, "", "power_devices"},
		{"our GPU among foreign ones", "simulated", `{"kind":"power_foreign_gpu","devices":6}`, `"pad":"2s"`, func(b *bench) {
			nobodyLooked(b)
			b.at.Power.Devices = []string{"0", "1"}
		}, energy.Padded, ""},
		{"counter reset, which nvidia-smi does not show", "simulated", `{"kind":"power_counter_reset","after_requests":1,"after_seconds":2}`, `"pad":"2s"`, nil, energy.Padded, ""},
		{"short gap", "simulated", `{"kind":"power_gap","after_requests":1,"after_seconds":2,"seconds":0.5}`, `"pad":"2s"`, nil, energy.Padded, ""},
		{"gap", "simulated", `{"kind":"power_gap","after_requests":1,"after_seconds":2,"seconds":4}`, `"pad":"2s"`, nil, "", "power_gap power_coverage"},
		{"gap of one GPU", "simulated", `{"kind":"power_gap","after_requests":1,"after_seconds":2,"seconds":4,"gpu":0}`, `"pad":"2s"`, nil, "", "power_gap power_coverage"},
		{"[N/A]", "simulated", `{"kind":"power_na","after_requests":1,"after_seconds":2,"seconds":4}`, `"pad":"2s"`, nil, "", "power_gap power_coverage"},
		{"[N/A] throughout", "simulated", `{"kind":"power_na"}`, `"pad":"2s"`, nil, "", "power_missing"},
		{"clock a little ahead", "simulated", `{"kind":"power_clock","offset_seconds":0.5}`, `"pad":"2s"`, nil, energy.Padded, ""},
		{"clock ahead", "simulated", `{"kind":"power_clock","offset_seconds":1.5}`, `"pad":"2s"`, nil, "", "power_clock"},
		{"clock behind", "simulated", `{"kind":"power_clock","offset_seconds":-1.5}`, `"pad":"2s"`, nil, "", "power_clock"},
		{"clock that goes back", "simulated", `{"kind":"power_clock","after_requests":1,"after_seconds":2,"seconds":2,"offset_seconds":2}`, `"pad":"2s"`, nil, "", "power_clock"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			var faults []string
			if tc.fault != "" {
				faults = []string{tc.fault}
			}
			b := newBench(t, 20, faults...)
			b.before = 16 // a process needs its time to start
			if tc.change != nil {
				tc.change(b)
			}
			options := fmt.Sprintf(`{"source":"nvidia-smi","command":["env",%q,%q],%s}`, standIn+"="+tc.mode, self, tc.options)
			kind, watched := power.New(power.Config{}), newTask(t, b.at, b.gpus, options, 0, 1)
			watch, err := kind.Watch(t.Context(), simtest.Env(), watched)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := watch.Close(); err != nil {
					t.Error(err)
				}
			}()
			from, to := b.load(t)
			task := newTask(t, b.at, b.gpus, options, from, to)
			task.Watch = watch
			if err := kind.Run(t.Context(), simtest.Env(), task); err != nil {
				t.Fatal(err)
			}
			record, rows := results(t, task)
			b.judge(t, record, from, to, tc.want)
			if record.Result.Method != tc.method {
				t.Errorf("method %q, want %q: %+v", record.Result.Method, tc.method, record)
			}
			if wantKind := map[bool]string{true: "unknown", false: "avg1s"}[strings.HasSuffix(tc.mode, "525")]; len(rows) > 0 && tc.want == "" && rows[0].PowerKind != wantKind {
				t.Errorf("kind of power %q, want %q", rows[0].PowerKind, wantKind)
			}
		})
	}
}

// A simulated server's log in the seed's form is read as such a log is.
func TestLogOfSimulatedGPUs(t *testing.T) {
	b := newBench(t, 20)
	b.before = 8
	from, to := b.load(t)
	b.idle(t, 6)
	resp, err := http.Get(b.at.URL + "/simulator/power.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, name, _ := strings.Cut(resp.Header.Get("Content-Disposition"), "filename=")
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
		t.Fatal(err)
	}
	task := newTask(t, b.at, b.gpus, fmt.Sprintf(`{"source":"csv","path":%q,"pad":"5s"}`, dir), from, to)
	if err := power.New(power.Config{}).Run(t.Context(), simtest.Env(), task); err != nil {
		t.Fatal(err)
	}
	record, _ := results(t, task)
	b.judge(t, record, from, to, "")
	if !record.Result.Valid || record.Result.Method != energy.Padded {
		t.Errorf("%+v", record)
	}
}
