package power_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/addr"
	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/block"
	"github.com/strangeloopio/inferencex/schemas/block/blocktest"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
	"github.com/strangeloopio/inferencex/stages/power"
	"github.com/strangeloopio/inferencex/stages/simulator/simtest"
)

// newTask is a step of gpus GPUs on the endpoint, after a load of [from, to] (unix ns).
func newTask(t *testing.T, at stage.Endpoint, gpus int, options string, from, to int64) stage.Task {
	t.Helper()
	load := t.TempDir()
	text := fmt.Sprintf(`{"epoch_unix_ns":%d,"window_start_ns":0,"window_end_ns":%d}`, from, to-from)
	if err := os.WriteFile(filepath.Join(load, measured.LoadFile), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return stage.Task{
		Address: addr.Step{Kind: power.Name, Name: "chat", Key: "c"}, Attempt: 1, Dir: t.TempDir(),
		Config:      json.RawMessage(fmt.Sprintf(`{"gpus":%d,"options":%s}`, gpus, options)),
		Inputs:      []stage.Input{{Address: addr.Step{Kind: "load", Name: "chat", Key: "c"}, Dir: load}},
		Incarnation: simtest.Incarnation(at),
	}
}

func results(t *testing.T, task stage.Task) (measured.Power, []table.Power) {
	t.Helper()
	record, err := measured.ReadPower(task.Dir)
	if err != nil {
		t.Fatal(err)
	}
	rows, _, err := table.Read[table.Power](filepath.Join(task.Dir, measured.PowerTable))
	if err != nil {
		t.Fatal(err)
	}
	if record.Readings != len(rows) {
		t.Errorf("power.json tells of %d readings, the table has %d", record.Readings, len(rows))
	}
	return record, rows
}

// startup is more than a stand-in needs before its first reading, also on a machine with more to do.
const startup = 1500 * time.Millisecond

// watch starts a stand-in nvidia-smi beside a deployment and returns its step over 300 ms soon after.
func watch(t *testing.T, mode, more string) (*power.Kind, stage.Task) {
	t.Helper()
	t.Setenv(standIn, mode)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	options := fmt.Sprintf(`{"command":%s,"period":"10ms","pad":"50ms"%s}`, strconv.Quote(self), more)
	at := stage.Endpoint{URL: "http://127.0.0.1:8000", Power: stage.PowerSource{Kind: "nvidia-smi"}}
	begin := time.Now().Add(startup)
	task := newTask(t, at, 2, options, begin.UnixNano(), begin.Add(300*time.Millisecond).UnixNano())
	kind := power.New(power.Config{})
	task.Watch, err = kind.Watch(t.Context(), simtest.Env(), task)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := task.Watch.Close(); err != nil {
			t.Error(err)
		}
	})
	return kind, task
}

func TestNvidiaSMI(t *testing.T) {
	for mode, wantKind := range map[string]string{"good": "avg1s", "old": "unknown"} {
		t.Run(mode, func(t *testing.T) {
			kind, task := watch(t, mode, "")
			if err := kind.Run(t.Context(), simtest.Env(), task); err != nil {
				t.Fatal(err)
			}
			record, rows := results(t, task)
			if !record.Result.Valid || record.Result.Method != energy.Trapezoid {
				t.Fatalf("%+v", record)
			}
			if got := *record.Result.Joules; math.Abs(got-400*0.3) > 0.01 {
				t.Errorf("%.2f J, want 400 W for 0.3 s", got)
			}
			first := rows[0]
			if first.Cell != `load.chat["c"]` || first.PowerKind != wantKind || *first.PowerWatts != 100 || *first.GPUUtil != 0.97 || first.MemUtil != nil ||
				*first.MemUsedBytes != 4<<20 || *first.TempC != 33 || *first.SMClockHz != 345e6 || first.Host != "127.0.0.1" || first.GPUUUID != "GPU-0" {
				t.Errorf("first row is %+v", first)
			}
			logs, _ := filepath.Glob(filepath.Join(task.Dir, "power_log_2gpu_*.csv"))
			if len(logs) != 1 {
				t.Fatalf("logs in the seed's form: %v", logs)
			}
			again := newTask(t, stage.Endpoint{}, 2, fmt.Sprintf(`{"source":"csv","pad":"0s","path":%s}`, strconv.Quote(logs[0])), record.Query.FromUnixNS, record.Query.ToUnixNS)
			if err := kind.Run(t.Context(), simtest.Env(), again); err != nil {
				t.Fatal(err)
			}
			_, copied := results(t, again)
			if len(copied) != len(rows) || *copied[0].PowerWatts != 100 || copied[0].TUnixNS/1e3 != first.TUnixNS/1e3 {
				t.Errorf("the log has %d readings of %d, the first %+v", len(copied), len(rows), copied[0])
			}
		})
	}
}

func TestNvidiaSMITrouble(t *testing.T) {
	cases := []struct {
		name, mode, problem string
		code                energy.Code
	}{
		{"no driver", "broken", "couldn't communicate with the NVIDIA driver", energy.CodeMissing},
		{"no power under MIG", "mig", "", energy.CodeMissing},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			kind, task := watch(t, c.mode, "")
			if err := kind.Run(t.Context(), simtest.Env(), task); err != nil {
				t.Fatal(err)
			}
			record, _ := results(t, task)
			if record.Result.Valid || record.Result.Reasons[0].Code != c.code || !strings.Contains(record.Problem, c.problem) {
				t.Errorf("got %+v", record)
			}
		})
	}
}

func TestRequiredPowerFailsTheStep(t *testing.T) {
	kind, task := watch(t, "broken", `,"required":true`)
	err := kind.Run(t.Context(), simtest.Env(), task)
	if err == nil || stage.ClassOf(err) != stage.Permanent || stage.ReasonOf(err) != "power_missing" {
		t.Fatalf("class %s, reason %s: %v", stage.ClassOf(err), stage.ReasonOf(err), err)
	}
	for _, want := range []string{"power is required, and source nvidia-smi has none that is valid", "couldn't communicate"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestWatchWithoutTheProgram(t *testing.T) {
	at := stage.Endpoint{Power: stage.PowerSource{Kind: "nvidia-smi"}}
	_, err := power.New(power.Config{}).Watch(t.Context(), simtest.Env(), newTask(t, at, 1, `{"command":"/nowhere/nvidia-smi"}`, 0, 1))
	if err == nil || !strings.Contains(err.Error(), `no such file or directory; set command to its path, or source = "none" in stage "fetch-power"`) {
		t.Errorf("error is %v", err)
	}
}

func TestInterruptEndsTheWait(t *testing.T) {
	kind, task := watch(t, "good", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := kind.Run(ctx, simtest.Env(), task); stage.ClassOf(err) != stage.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestNoSource(t *testing.T) {
	cases := []struct{ name, options, kind, want string }{
		{"none offered", `{}`, "", "the endpoint offers no power readings"},
		{"none wanted", `{"source":"none"}`, "nvidia-smi", "the endpoint offers no power readings"},
		{"no sampler", `{"source":"nvidia-smi"}`, "", "no nvidia-smi runs beside the deployment"},
		{"not simulated", `{"source":"simulator"}`, "", `set source = "auto"`},
		{"csv without a path", `{"source":"csv"}`, "", `needs path`},
		{"csv that is not there", `{"source":"csv","path":"/nowhere/log.csv"}`, "", "no such file"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			task := newTask(t, stage.Endpoint{Power: stage.PowerSource{Kind: c.kind}}, 1, c.options, 1e9, 2e9)
			if err := power.New(power.Config{}).Run(t.Context(), simtest.Env(), task); err != nil {
				t.Fatal(err)
			}
			record, rows := results(t, task)
			if len(rows) > 0 || record.Result.Reasons[0].Code != energy.CodeMissing || !strings.Contains(record.Problem, c.want) {
				t.Errorf("got %+v", record)
			}
		})
	}
}

func TestRunNeedsALoad(t *testing.T) {
	task := newTask(t, stage.Endpoint{}, 1, `{}`, 0, 1)
	task.Inputs[0] = stage.Input{Failure: "errors"}
	err := power.New(power.Config{}).Run(t.Context(), simtest.Env(), task)
	if err == nil || stage.ReasonOf(err) != "load_failed" {
		t.Errorf("got %v", err)
	}
}

// TestOptionsOfASuite checks that what the language hands down for an empty block is what the stage takes for granted without one.
func TestOptionsOfASuite(t *testing.T) {
	options, err := block.CanonicalJSON(power.New(power.Config{}).Body().Defaults())
	if err != nil {
		t.Fatal(err)
	}
	task := newTask(t, stage.Endpoint{}, 1, string(options), 1e9, 2e9)
	bare := newTask(t, stage.Endpoint{}, 1, `{}`, 1e9, 2e9)
	kind := power.New(power.Config{})
	for _, task := range []stage.Task{task, bare} {
		if err := kind.Run(t.Context(), simtest.Env(), task); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := results(t, task)
	want, _ := results(t, bare)
	if diff := cmp.Diff(want, got); diff != "" || got.Query.PadSeconds != 2 {
		t.Error(diff, got.Query.PadSeconds)
	}
	if _, err := blocktest.Parse(power.New(power.Config{}).Body(), `source = "nvidia_smi"`); err == nil || !strings.Contains(err.Error(), "nvidia-smi") {
		t.Errorf("a wrong source gives %v", err)
	}
}

func TestCommand(t *testing.T) {
	for name, tc := range map[string]struct{ hcl, want string }{
		"program":         {`command = "/opt/nvidia-smi"`, ""},
		"with its runner": {`command = ["ssh", "gpu-host", "nvidia-smi"]`, ""},
		"empty":           {`command = ""`, "it is empty; leave it out or fill it"},
		"no words":        {`command = []`, "it is empty; leave it out or fill it"},
		"no program":      {`command = ["", "nvidia-smi"]`, "it is empty; leave it out or fill it"},
		"a number":        {`command = 3`, `a number is no command; write "nvidia-smi" or ["ssh", "gpu-host", "nvidia-smi"]`},
		"an object":       {`command = { a = "b" }`, "an object is no command"},
		"a list of lists": {`command = ["ssh", ["gpu-host"]]`, "word 2 of the command is a list; want a string"},
	} {
		_, err := blocktest.Parse(power.New(power.Config{}).Body(), tc.hcl)
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: error %v, want %q", name, err, tc.want)
		}
	}
}
