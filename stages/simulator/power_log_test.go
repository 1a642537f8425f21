package simulator_test

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/stages/simulator"
)

// seedWatts is the seed's formula: the mean of power_draw_w over the rows of utilisation above 5 %, and n from the third part of the file's name.
func seedWatts(t *testing.T, name, text string) (watts float64, gpus int) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, title := range rows[0] {
		column[title] = i
	}
	number := func(row []string, title string) float64 {
		v, err := strconv.ParseFloat(strings.TrimSpace(row[column[title]]), 64)
		if err != nil {
			t.Fatalf("%s of %v: %v", title, row, err)
		}
		return v
	}
	n := 0.0
	for _, row := range rows[1:] {
		if number(row, "gpu_util_pct") > 5 {
			watts += number(row, "power_draw_w")
			n++
		}
	}
	gpus, err = strconv.Atoi(strings.TrimSuffix(strings.Split(name, "_")[2], "gpu"))
	if err != nil {
		t.Fatal(err)
	}
	return watts / n, gpus
}

// The log reads as the first benchmark's did, and its formula gives what the sensors say at the log's seconds.
func TestPowerLog(t *testing.T) {
	r := start(t, simulator.Config{GPUs: 2, Profile: "offline"})
	r.text(t, "POST", "/v1/completions", `{"model":"`+model+`","ignore_eos":true,"max_tokens":1500,"prompt":"a b c"}`)
	for until := r.SimulatedUnixNS() + 3e9; r.SimulatedUnixNS() < until; { // some rows of idle GPUs
		r.text(t, "GET", "/health", "")
	}
	now := r.SimulatedUnixNS()
	resp := r.do(t, "GET", fmt.Sprintf("/simulator/power.csv?to_unix_ns=%d", now), "")
	name := path.Base(strings.TrimPrefix(resp.Header.Get("Content-Disposition"), "attachment; filename="))
	if want := regexp.MustCompile(`^power_log_2gpu_\d{8}_\d{6}\.csv$`); !want.MatchString(name) || resp.StatusCode != http.StatusOK {
		t.Errorf("%s: file %q", resp.Status, name)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := string(body)
	line := regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}),([01]), \d+\.\d\d, \d+, \d+, \d+, \d+$`)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, l := range lines[1:] {
		m := line.FindStringSubmatch(l)
		if m == nil {
			t.Fatalf("line %q is none of nvidia-smi's behind a time", l)
		}
		at, err := time.Parse("2006-01-02T15:04:05.000000", m[1])
		if want := r.Info().EpochUnixNS + int64(i/2)*1e9; err != nil || at.UnixNano()/1e3 != want/1e3 || m[2] != fmt.Sprint(i%2) {
			t.Fatalf("line %d: %q, want the time %d", i, l, want)
		}
	}
	watts, gpus := seedWatts(t, name, text)
	var sum, n float64
	for _, row := range r.TruePower(0, now) {
		if (row.TUnixNS-r.Info().EpochUnixNS)%1e9 == 0 && row.GPUUtil > 5 {
			sum += row.PowerAvgW
			n++
		}
	}
	if want := sum / n; math.Abs(watts-want) > .01 || gpus != 2 || n < 10 || watts < 150 {
		t.Errorf("%d GPUs of %.2f W, want 2 of %.2f W, the mean of %v busy readings", gpus, watts, want, n)
	}
}

func TestPowerLogWithFaults(t *testing.T) {
	r := start(t, simulator.Config{GPUs: 2, Faults: []simulator.Fault{
		{Kind: simulator.FaultPowerNotAvailable, AfterSeconds: 2, Seconds: 1, GPU: new(int)},
		{Kind: simulator.FaultPowerGap, AfterSeconds: 4, Seconds: 2},
		{Kind: simulator.FaultPowerTornRow, AfterSeconds: 7},
	}})
	for r.SimulatedUnixNS() < r.Info().EpochUnixNS+9e9 {
		r.text(t, "GET", "/health", "")
	}
	_, text := r.text(t, "GET", fmt.Sprintf("/simulator/power.csv?to_unix_ns=%d", r.Info().EpochUnixNS+9e9), "")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if na := strings.Count(text, "[N/A]"); len(lines) != 1+2*8-1 || na != 1 {
		t.Errorf("%d lines, %d times [N/A]: want 15 and 1, since two seconds are missing and one row goes on in the next:\n%s", len(lines), na, text)
	}
}
