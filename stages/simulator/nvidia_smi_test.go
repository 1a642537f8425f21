package simulator_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/simulator"
	"github.com/strangeloopio/inferencex/stages/simulator/smi"
)

// nvidiaSMI runs a command line until it ends, or has printed so many lines.
func (r *running) nvidiaSMI(t *testing.T, args string, lines int) (code int, text string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out := &limited{lines: lines, full: stop}
	code, err := smi.Client{Endpoint: r.URL, HTTP: r.client}.Run(ctx, strings.Fields(args), out)
	if err != nil {
		t.Fatal(err)
	}
	return code, string(out.text)
}

// limited is an output that calls full when it holds its lines.
type limited struct {
	text  []byte
	lines int
	full  func()
}

func (l *limited) Write(p []byte) (int, error) {
	l.text = append(l.text, p...)
	if l.lines > 0 && bytes.Count(l.text, []byte("\n")) >= l.lines {
		l.full()
	}
	return len(p), nil
}

func TestNvidiaSMI(t *testing.T) {
	r := start(t, simulator.Config{GPUs: 2, ExactPower: true})
	uuids := r.Info().GPUUUIDs
	code, text := r.nvidiaSMI(t, "-L", 0)
	want := fmt.Sprintf("GPU 0: NVIDIA H100 80GB HBM3 (UUID: %s)\nGPU 1: NVIDIA H100 80GB HBM3 (UUID: %s)\n", uuids[0], uuids[1])
	if diff := cmp.Diff(want, text); diff != "" || code != 0 {
		t.Errorf("-L: exit code %d (-want +got):\n%s", code, diff)
	}
	code, text = r.nvidiaSMI(t, "--query-gpu=index,power.draw,memory.used --format=csv -i 1", 0)
	if want := regexp.MustCompile(`^index, power.draw \[W\], memory.used \[MiB\]\n1, \d+\.\d\d W, \d{5} MiB\n$`); !want.MatchString(text) || code != 0 {
		t.Errorf("exit code %d: %q", code, text)
	}
	for args, want := range map[string]int{"--query-gpu=no.such --format=csv -lms 100": 2, "--query-gpu=index --format=csv -i 7": 6} {
		if code, text := r.nvidiaSMI(t, args, 0); code != want {
			t.Errorf("%s: exit code %d, want %d: %s", args, code, want, text)
		}
	}
}

// A loop prints a round every period of simulated time, whoever is late, and its numbers are those of the samples of the same time.
func TestNvidiaSMILoop(t *testing.T) {
	r := start(t, simulator.Config{GPUs: 2, Speed: 100})
	code, text := r.nvidiaSMI(t, "--query-gpu=timestamp,index,power.draw.average --format=csv,noheader,nounits -lms 250", 40)
	if code != 0 {
		t.Errorf("exit code %d", code)
	}
	truth := map[string]string{}
	for _, row := range r.TruePower(0, 0) {
		truth[fmt.Sprint(row.TUnixNS/1e8, row.GPUIndex)] = fmt.Sprintf("%.2f", row.PowerAvgW)
	}
	var last time.Time
	epoch := r.Info().EpochUnixNS
	for i, line := range strings.SplitAfter(text, "\n")[:40] {
		cells := strings.Split(strings.TrimSpace(line), ", ")
		at, err := time.Parse("2006/01/02 15:04:05.000", cells[0])
		if err != nil || cells[1] != fmt.Sprint(i%2) {
			t.Fatalf("line %d: %q: %v", i, line, err)
		}
		if i%2 == 0 && i > 0 && at.Sub(last).Round(2*time.Millisecond) != 250*time.Millisecond {
			t.Errorf("round %d comes %v after the one before", i/2, at.Sub(last))
		}
		last = at
		said := func(ns int64) string { return truth[fmt.Sprint((epoch+(ns-epoch)/1e8*1e8)/1e8, i%2)] }
		early, late := said(at.UnixNano()), said(at.Add(time.Millisecond-1).UnixNano()) // the line's time is cut off at a millisecond
		if cells[2] != early && cells[2] != late {
			t.Errorf("line %q: the sample of that time says %s W, or %s W", line, early, late)
		}
	}
}

func TestNvidiaSMIWithFaults(t *testing.T) {
	query := "--query-gpu=timestamp,index,power.draw --format=csv,noheader,nounits"
	for _, tc := range []struct {
		name, fault, args string
		lines             int
		holds             func(r *running, text string) bool
	}{
		{"[N/A]", `{"kind":"power_na","gpu":1}`, "", 0, func(_ *running, text string) bool {
			return strings.Count(text, "[N/A]") == 1 && strings.HasSuffix(text, ", 1, [N/A]\n")
		}},
		{"gap", `{"kind":"power_gap","gpu":0}`, "", 0, func(_ *running, text string) bool {
			return strings.Count(text, "\n") == 1 && strings.Contains(text, ", 1, ")
		}},
		{"foreign GPUs", `{"kind":"power_foreign_gpu","devices":6}`, "", 0, func(_ *running, text string) bool {
			return strings.Count(text, "\n") == 8 && strings.Contains(text, ", 7, 420.00\n")
		}},
		{"clock", `{"kind":"power_clock","offset_seconds":3600}`, "", 0, func(r *running, text string) bool {
			at, err := time.Parse("2006/01/02 15:04:05.000", strings.Split(text, ",")[0])
			ahead := time.Duration(at.UnixNano() - r.SimulatedUnixNS())
			return err == nil && ahead > 50*time.Minute && ahead < 61*time.Minute
		}},
		{"torn rows", `{"kind":"power_torn_row","after_seconds":2,"count":1}`, " -lms 1000", 7, func(_ *running, text string) bool {
			whole := regexp.MustCompile(`(?m)^\S+ \S+, [01], \d+\.\d\d$`)
			lines := strings.Split(text, "\n")[:7] // the line that a torn row begins is another's too, so that 7 lines are of 8 rows
			return len(whole.FindAllString(strings.Join(lines, "\n"), -1)) == 6
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := start(t, simulator.Config{GPUs: 2, ExactPower: true})
			if status, answer := r.text(t, "POST", "/simulator/faults", tc.fault); status != http.StatusNoContent {
				t.Fatalf("%d %s", status, answer)
			}
			for until := r.SimulatedUnixNS() + 2e8; r.SimulatedUnixNS() < until; { // readings of before are still shown
				runtime.Gosched()
			}
			if code, text := r.nvidiaSMI(t, query+tc.args, tc.lines); code != 0 || !tc.holds(r, text) {
				t.Errorf("exit code %d:\n%s", code, text)
			}
		})
	}
}

func TestNvidiaSMIWithoutItsServer(t *testing.T) {
	var out bytes.Buffer
	code, err := smi.Client{Endpoint: "http://127.0.0.1:1", HTTP: http.DefaultClient}.Run(t.Context(), []string{"-L"}, &out)
	if err != nil || code != 9 || !strings.HasPrefix(out.String(), "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.") {
		t.Errorf("exit code %d, %v: %s", code, err, out.String())
	}
	gone := start(t, simulator.Config{})
	ended := make(chan int, 1)
	lines := &limited{lines: 3, full: func() { _ = gone.Close() }}
	go func() {
		code, _ := smi.Client{Endpoint: gone.URL, HTTP: gone.client}.Run(context.Background(), strings.Fields("--query-gpu=index --format=csv -lms 100"), lines)
		ended <- code
	}()
	if code := <-ended; code != 9 || !strings.Contains(string(lines.text), "couldn't communicate") {
		t.Errorf("the server went away: exit code %d:\n%s", code, lines.text)
	}
}
