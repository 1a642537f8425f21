package power

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/strangeloopio/inferencex/schemas/table"
)

func TestParseReading(t *testing.T) {
	const head = "2026/11/23 14:05:06.789, 3, GPU-77, "
	begin := time.Date(2026, 11, 23, 14, 5, 6, 789e6, time.UTC).UnixNano()
	cases := []struct {
		name, line string
		fallback   bool
		want       reading
		problem    string
	}{
		{
			name: "all there", line: head + "123.45, 130.00, 98, 41, 70321, 55, 1980",
			want: reading{begin, 0, 3, "GPU-77", 123.45, 130, math.NaN(), 0.98, 0.41, 70321, 55, 1980},
		},
		{
			name: "what the driver does not tell", line: head + "[N/A], [Not Supported], [Unknown Error], N/A, 4, 33, [Insufficient Permissions]",
			want: reading{begin, 0, 3, "GPU-77", math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN(), 4, 33, math.NaN()},
		},
		{
			name: "older driver", line: head + "96.00, 98, 41, 4, 33, 345", fallback: true,
			want: reading{begin, 0, 3, "GPU-77", math.NaN(), math.NaN(), 96, 0.98, 0.41, 4, 33, 345},
		},
		{name: "torn in a field", line: head + "123.45, 130.00, 98, 41, 703", problem: "8 fields, want 10"},
		{name: "torn between fields", line: head + "123.45, 130.00, 98, 41, 70321, 55, ", problem: `clocks.sm: "" is no number`},
		{name: "units", line: head + "123.45 W, 130.00, 98, 41, 70321, 55, 1980", problem: `power.draw.average: "123.45 W" is no number`},
		{name: "not finite", line: head + "nan, 130.00, 98, 41, 70321, 55, 1980", problem: `"nan" is no number`},
		{name: "a sentence", line: "No devices were found", problem: "1 field, want 10"},
		{name: "no time", line: "now, 3, GPU-77, 1, 1, 1, 1, 1, 1, 1", problem: "timestamp"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseReading(c.line, c.fallback)
			if c.problem != "" {
				if err == nil || !strings.Contains(err.Error(), c.problem) {
					t.Errorf("error %v does not say %q", err, c.problem)
				}
				return
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(reading{}), cmpopts.EquateNaNs()); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
}

func TestKindOfPower(t *testing.T) {
	none := math.NaN()
	cases := []struct {
		name             string
		in               reading
		kind             string
		watts, secondary any
	}{
		{"average and instant", reading{average: 100, instant: 120, draw: none}, kindAverage, 100.0, 120.0},
		{"instant alone, as on an A100", reading{average: none, instant: 120, draw: none}, kindInstant, 120.0, nil},
		{"power.draw", reading{average: none, instant: none, draw: 90}, kindUnknown, 90.0, nil},
		{"none", reading{average: none, instant: none, draw: none}, kindUnknown, nil, nil},
	}
	value := func(v *float64) any {
		if v == nil {
			return nil
		}
		return *v
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := c.in.power(0, "h")
			if got.PowerKind != c.kind || value(got.PowerWatts) != c.watts || value(got.InstantWatts) != c.secondary {
				t.Errorf("got %s %v %v", got.PowerKind, value(got.PowerWatts), value(got.InstantWatts))
			}
		})
	}
}

func TestArguments(t *testing.T) {
	got := strings.Join(arguments(false, 100*time.Millisecond, []string{"0", "GPU-1"}), " ")
	want := "--query-gpu=timestamp,index,uuid,power.draw.average,power.draw.instant,utilization.gpu,utilization.memory,memory.used,temperature.gpu,clocks.sm" +
		" --format=csv,noheader,nounits -lms 100 -i 0,GPU-1"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// seedLog is a log as the first benchmark wrote it: its own first column, nvidia-smi's others, cut while it was being copied.
const seedLog = `timestamp,gpu_id,power_draw_w,temperature_c,gpu_util_pct,mem_util_pct,mem_used_mb
2026-01-05T10:00:00.123456,0, 120.51, 33, 0, 0, 70321
2026-01-05T10:00:00.123456,1, [N/A], 34, [Not Supported], 0, 70321
2026-01-05T10:00:01,0, 450.00, 60, 98, 41, 70321
2026-01-05T10:00:01,1, 44`

func TestParseLog(t *testing.T) {
	rows, err := parseLog([]byte(seedLog))
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 {
		t.Fatalf("%d rows, want 3: the torn one is left out", len(rows))
	}
	if want := time.Date(2026, 1, 5, 10, 0, 0, 123456000, time.UTC).UnixNano(); rows[0].TUnixNS != want || *rows[0].PowerWatts != 120.51 || rows[0].Source != "csv" {
		t.Errorf("first row %+v", rows[0])
	}
	if rows[1].PowerWatts != nil || rows[1].GPUUtil != nil || *rows[1].TempC != 34 {
		t.Errorf("[N/A] is not missing: %+v", rows[1])
	}
	if rows[2].Seq != 1 || *rows[2].GPUUtil != 0.98 || *rows[2].MemUsedBytes != 70321<<20 {
		t.Errorf("third row %+v", rows[2])
	}
}

func TestParseLogErrors(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"empty", "", `line 1 is "", want "timestamp,gpu_id`},
		{"another file", "a,b\n1,2\n", `line 1 is "a,b"`},
		{"torn in the middle", logHeader + "\n2026-01-05T10:00:01,0, 44\n2026-01-05T10:00:01,0, 1, 1, 1, 1, 1\n", "line 2: 3 fields, want 7"},
		{"a time with a zone", logHeader + "\n2026-01-05T10:00:01Z,0, 1, 1, 1, 1, 1\n2026-01-05T10:00:01,0, 1, 1, 1, 1, 1\n", "line 2: timestamp"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := parseLog([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not say %q", err, c.want)
			}
		})
	}
}

func TestLogRoundTrip(t *testing.T) {
	rows, err := parseLog([]byte(seedLog))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := formatLog(&b, []table.Power{rows[2], rows[1], rows[0]}); err != nil {
		t.Fatal(err)
	}
	want := logHeader + `
2026-01-05T10:00:00.123456, 0, 120.51, 33, 0, 0, 70321
2026-01-05T10:00:00.123456, 1, [N/A], 34, [N/A], 0, 70321
2026-01-05T10:00:01.000000, 0, 450.00, 60, 98, 41, 70321
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	again, err := parseLog(b.Bytes())
	if diff := cmp.Diff(rows, again); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestSeriesForgetsWhatIsOld(t *testing.T) {
	var s series
	const step = int64(time.Second)
	n := int64(3 * retain / time.Second)
	for i := range n {
		s.add(reading{unixNS: i * step, uuid: "a", average: float64(i)})
	}
	if held := int64(len(s.kept)); held > 3*int64(retain/time.Second)/2+1000 || held < int64(retain/time.Second) {
		t.Errorf("%d of %d readings are kept, %d are in the last %s", held, n, retain/time.Second, retain)
	}
	rows := s.between((n-10)*step, n*step, "h")
	if last := rows[len(rows)-1]; last.Seq != n-1 || *last.PowerWatts != float64(n-1) {
		t.Errorf("the last reading has position %d of %d", last.Seq, n)
	}
}

func FuzzParseReading(f *testing.F) {
	f.Add("2026/11/23 14:05:06.789, 3, GPU-77, 123.45, 130.00, 98, 41, 70321, 55, 1980", false)
	f.Add("2026/11/23 14:05:06.789, 3, GPU-77, [N/A], 98, 41, 70321, 55, 1980", true)
	f.Fuzz(func(t *testing.T, line string, fallback bool) {
		r, err := parseReading(line, fallback)
		if err != nil {
			return
		}
		if row := r.power(0, "h"); row.PowerWatts != nil && math.IsInf(*row.PowerWatts, 0) {
			t.Errorf("%q reads as %v W", line, *row.PowerWatts)
		}
	})
}
