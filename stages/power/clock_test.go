package power

import (
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/schemas/table"
)

const (
	ms     = int64(time.Millisecond)
	minute = 60_000 * ms
)

func TestOffset(t *testing.T) {
	told := func(pairs ...int64) offset { // sampler, heard
		var o offset
		for i := 0; i < len(pairs); i += 2 {
			o.told(pairs[i], pairs[i+1])
		}
		return o
	}
	probed := func(triples ...int64) offset { // asked, sampler, heard
		var o offset
		for i := 0; i < len(triples); i += 3 {
			o.probe(triples[i], triples[i+1], triples[i+2])
		}
		return o
	}
	for _, tc := range []struct {
		name string
		o    offset
		want time.Duration
	}{
		{"nothing known", offset{}, 0},
		{"rows as they come", told(1000*ms, 1005*ms, 1100*ms, 1102*ms), 2 * time.Millisecond},
		{"rows held back in a pipe", told(1000*ms, 5000*ms, 2000*ms, 5000*ms, 4990*ms, 5000*ms), 10 * time.Millisecond},
		{"rows from the future", told(3000*ms, 1005*ms, 3100*ms, 1109*ms), 1995 * time.Millisecond},
		{"rows from the past", told(1000*ms, 3005*ms, 1100*ms, 3102*ms), 2002 * time.Millisecond},
		{"a probe that allows for no offset", probed(1000*ms, 1001*ms, 1010*ms), 0},
		{"ahead", probed(1000*ms, 1300*ms, 1010*ms), 300 * time.Millisecond},
		{"behind", probed(1000*ms, 700*ms, 1010*ms), 310 * time.Millisecond},
		{"probes narrow it", probed(1000*ms, 700*ms, 1300*ms, 2000*ms, 1690*ms, 2010*ms), 320 * time.Millisecond},
		{"probes that exclude each other", probed(1000*ms, 1300*ms, 1010*ms, 2000*ms, 2005*ms, 2010*ms), 290 * time.Millisecond},
	} {
		if got := tc.o.bound(); got != tc.want {
			t.Errorf("%s: bound %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestOffsetOfASeries(t *testing.T) {
	var s series
	s.add(reading{unixNS: 0, heardNS: 0, uuid: "a"}) // too old to tell
	for i := range int64(10) {
		s.add(reading{unixNS: 10*minute + i*1000*ms, heardNS: 10*minute + i*1000*ms + 3000*ms + i*10*ms, uuid: "a"})
	}
	o := s.offset(9 * minute)
	if got := o.bound(); got != 3*time.Second {
		t.Errorf("bound %v, want 3s", got)
	}
}

func TestStepBack(t *testing.T) {
	row := func(gpu string, at int64) table.Power { return table.Power{GPUUUID: gpu, TUnixNS: at * ms} }
	for name, tc := range map[string]struct {
		rows []table.Power
		want time.Duration
	}{
		"none":             {nil, 0},
		"two GPUs by turn": {[]table.Power{row("a", 5), row("b", 4), row("a", 15), row("b", 14)}, 0},
		"one goes back":    {[]table.Power{row("a", 5), row("b", 4), row("a", 1), row("b", 14), row("a", 2)}, 4 * time.Millisecond},
	} {
		if got := stepBack(tc.rows); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

func TestTornLinesAreLeftOut(t *testing.T) {
	const whole = `{"t_unix_ns":1,"gpu_uuid":"a","power_avg_w":100,"energy_j":null}` + "\n"
	got, err := readLines(strings.NewReader(whole + `{"t_unix_ns":2,"gpu_u` + whole + whole))
	if err != nil || len(got.rows) != 2 || got.rows[1].Seq != 1 || got.rows[0].EnergyJoules != nil || *got.rows[0].PowerWatts != 100 {
		t.Fatalf("%+v, %v", got, err)
	}
	if want := "1 lines are no readings, the first: invalid character"; !strings.HasPrefix(got.problem, want) {
		t.Errorf("problem %q, want %q", got.problem, want)
	}
	if _, err := readLines(strings.NewReader("<html>\n")); err == nil || !strings.Contains(err.Error(), "read simulated power: invalid character '<'") {
		t.Errorf("no line at all: %v", err)
	}
}
