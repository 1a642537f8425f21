package controltest

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/client/nullserver"
)

// TestMain lets this binary be the null server's process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "null-server" {
		os.Exit(nullserver.Main(os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// stub is a control that was late as told.
type stub struct {
	late string
	err  error
}

func (s stub) End() (string, error) { return s.late, s.err }

// A claim that does not hold is red at once where the control was in order, and not judged at most twice in a
// row.
func TestJudge(t *testing.T) {
	const off = "off by 7 %"
	type measurement struct {
		off, late, control string
	}
	for name, tc := range map[string]struct {
		all     []measurement
		want    string
		unheard int // measurements that are not judged
	}{
		"holds":                   {[]measurement{{}}, "", 0},
		"holds on a busy machine": {[]measurement{{control: "7 ms late"}}, "", 0},
		"does not hold":           {[]measurement{{off: off}}, off, 0},
		"not judged, then holds":  {[]measurement{{off: off, control: "7 ms late"}, {}}, "", 1},
		"not judged twice, then holds": {
			[]measurement{{off: off, control: "7 ms late"}, {off: off, late: "8 ms off"}, {}}, "", 2,
		},
		"not judged, then does not hold": {
			[]measurement{{off: off, late: "8 ms off"}, {off: "off by 9 %"}}, "off by 9 %", 1,
		},
		"not judged three times": {
			[]measurement{{off: off, control: "7 ms late"}, {off: off, control: "8 ms late"}, {off: off, late: "9 ms off"}},
			off + "; but the machine was too busy, or what is measured made it so, in all of 3 measurements: 9 ms off",
			2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var talk strings.Builder
			n := 0
			begin := func() (Watch, error) { return stub{late: tc.all[n].control}, nil }
			measure := func() Finding {
				n++
				return Finding{Off: tc.all[n-1].off, Late: tc.all[n-1].late}
			}
			waits := 0
			got, err := judge(&talk, "TestAccuracyX", begin, func() error { waits++; return nil }, measure)
			if err != nil || n != len(tc.all) || waits != n-1 {
				t.Fatalf("%d measurements of %d, %d waits between them, %v", n, len(tc.all), waits, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			said := strings.Count(talk.String(), "machine too busy: not judged (TestAccuracyX: ")
			if said != tc.unheard {
				t.Errorf("%d measurements were not judged, want %d:\n%s", said, tc.unheard, talk.String())
			}
		})
	}
}

// A control that does not run says nothing of a claim.
func TestJudgeWithoutAControl(t *testing.T) {
	broken := errors.New("broken")
	for name, begin := range map[string]func() (Watch, error){
		"does not begin": func() (Watch, error) { return nil, broken },
		"does not end":   func() (Watch, error) { return stub{err: broken}, nil },
	} {
		verdict, err := judge(t.Output(), "", begin, nil, func() Finding { return Finding{} })
		if !errors.Is(err, broken) || verdict != "" {
			t.Errorf("a control that %s: %q, %v", name, verdict, err)
		}
	}
}

// The wait for a calm machine ends at the first control that was in time, at a broken one, or with its
// patience.
func TestWaitForCalm(t *testing.T) {
	broken := errors.New("broken")
	for name, tc := range map[string]struct {
		controls []stub
		patience time.Duration
		err      error
		want     int // controls that were asked
	}{
		"calm at once":    {[]stub{{}}, time.Hour, nil, 1},
		"calm after two":  {[]stub{{late: "7 ms late"}, {late: "3 ms late"}, {}}, time.Hour, nil, 3},
		"without control": {[]stub{{late: "7 ms late"}, {err: broken}}, time.Hour, broken, 2},
		"no patience":     {nil, 0, nil, 0},
	} {
		asked := 0
		begin := func() (Watch, error) { asked++; return tc.controls[asked-1], nil }
		if err := waitForCalm(t.Context(), begin, 0, tc.patience); !errors.Is(err, tc.err) || asked != tc.want {
			t.Errorf("%s: %d controls, %v", name, asked, err)
		}
	}
}

func TestStamps(t *testing.T) {
	at := func(late ...time.Duration) (r nullserver.Record) {
		r.Arrival = 1e9
		for i, l := range late {
			r.Writes = append(r.Writes, r.Arrival+int64(time.Duration(i+1)*gap+l))
		}
		return r
	}
	const ms = time.Millisecond
	for name, tc := range map[string]struct {
		records []nullserver.Record
		want    string
	}{
		"in time": {[]nullserver.Record{at(0, 2*ms), at(1*ms, 2*ms)}, ""},
		"late": {
			[]nullserver.Record{at(3*ms, 3*ms), at(3*ms, 3*ms)},
			"a null server wrote one token in a hundred 3.0 ms late or more",
		},
		"never written": {nil, "a null server wrote no token in all that time"},
	} {
		if diff := cmp.Diff(tc.want, judgeStamps(tc.records)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The control writes to all of its streams for as long as the measurement takes.
func TestWatch(t *testing.T) {
	c, err := watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := c.(*running)
	for range 2 * streams { // so many answers beside those of the control
		if err := r.ask(streams); err != nil {
			t.Fatal(err)
		}
	}
	r.cancel()
	if err := r.asking.Wait(); err != nil {
		t.Error(err)
	}
	records, err := nullserver.Records(t.Context(), r.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]int{}
	for _, record := range records {
		answers[record.ID]++
		for i, written := range record.Writes {
			if due := record.Arrival + int64(time.Duration(i+1)*gap); written < due {
				t.Errorf("token %d of %s was written %v before it was due", i, record.ID, time.Duration(due-written))
			}
		}
		if len(record.Writes) != tokens {
			t.Errorf("%d tokens", len(record.Writes))
		}
	}
	if len(answers) != streams+1 {
		t.Errorf("answers by stream: %v", answers)
	}
	if late, err := c.End(); late != "a null server wrote no token in all that time" || err != nil {
		t.Errorf("after its records were taken: %q, %v", late, err)
	}
}
