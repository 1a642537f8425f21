package ceiling

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/stages/client/nullserver"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// TestMain lets this binary be the null server's process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "null-server" {
		os.Exit(nullserver.Main(os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// machine keeps up with so many streams of 20 ms a token and chunks a second; a point takes it 4 s.
func machine(now *time.Time, streams int, rate float64) measure {
	return func(_ context.Context, n int, gap time.Duration) (Point, error) {
		*now = now.Add(4 * time.Second)
		p := Point{Streams: n, Gap: gap, ChunksPerSecond: float64(n) / gap.Seconds(), Verdict: verdictOK}
		if n > streams {
			return p, errors.New("too many open files")
		}
		if p.ChunksPerSecond > rate {
			p.Verdict = "tokens read late"
		}
		return p, nil
	}
}

func TestFind(t *testing.T) {
	begin := time.Unix(1795429788, 0).UTC()
	for _, test := range []struct {
		name    string
		streams int
		rate    float64
		budget  time.Duration
		points  string
		want    measured.Ceiling
		err     string
	}{
		{
			"by rate", 1 << 20, 80_000, time.Hour, "256@20ms 512@20ms 1024@20ms 2048@20ms! 2048@20ms! 1536@20ms 128@5ms 256@5ms 512@5ms! 512@5ms! 384@5ms",
			measured.Ceiling{Streams: 1536, ChunksPerSecond: 76_800},
			"",
		},
		{
			"by streams", 300, 1e9, time.Hour, "256@20ms 512@20ms! 512@20ms! 384@20ms! 384@20ms! 128@5ms 256@5ms 512@5ms! 512@5ms! 384@5ms! 384@5ms!",
			measured.Ceiling{Streams: 256, ChunksPerSecond: 51_200},
			"",
		},
		{
			"in a hurry", 1 << 20, 80_000, 14 * time.Second, "256@20ms 512@20ms 1024@20ms",
			measured.Ceiling{Streams: 1024, ChunksPerSecond: 51_200, AtLeast: true},
			"",
		},
		{
			"in no time", 1 << 20, 80_000, 0, "256@20ms",
			measured.Ceiling{Streams: 256, ChunksPerSecond: 12_800, AtLeast: true},
			"",
		},
		{
			"never", 1 << 20, 100, time.Hour, "256@20ms! 256@20ms!",
			measured.Ceiling{},
			"the client did not keep up with 256 streams of 20ms a token (tokens read late): end what else runs here, and try again",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := begin
			cfg := Config{Now: func() time.Time { return now }, Budget: test.budget}
			told := 0
			cfg.Report = func(Point) { told++ }
			got, points, err := find(t.Context(), cfg, machine(&now, test.streams, test.rate))
			var words []string
			for _, p := range points {
				words = append(words, fmt.Sprintf("%d@%v%s", p.Streams, p.Gap, map[bool]string{false: "!"}[p.OK()]))
			}
			if diff := cmp.Diff(test.points, strings.Join(words, " ")); diff != "" || told != len(points) {
				t.Errorf("%d told, points (-want +got):\n%s", told, diff)
			}
			if (err != nil || test.err != "") && fmt.Sprint(err) != test.err {
				t.Errorf("error: %v, want %s", err, test.err)
			}
			if err == nil {
				test.want.MeasuredAt = now
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("ceiling (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	for want, p := range map[string]Point{
		"ok":                                       {Gap: 20 * time.Millisecond, CPUShare: .9, Figures: nullserver.Figures{LagP99: .010, TTFTError: .005}},
		"tokens read 10.1 ms late (p99)":           {Gap: 20 * time.Millisecond, Figures: nullserver.Figures{LagP99: .0101}},
		"tokens read 5.1 ms late (p99)":            {Gap: 5 * time.Millisecond, Figures: nullserver.Figures{LagP99: .0051}},
		"5.1 ms added to the ttft":                 {Gap: 20 * time.Millisecond, Figures: nullserver.Figures{TTFTError: .0051}},
		"91 % of the processors used":              {Gap: 20 * time.Millisecond, CPUShare: .91},
		"the server itself was 11.0 ms late (p99)": {Gap: 20 * time.Millisecond, Figures: nullserver.Figures{ServerLateP99: .011}},
	} {
		if got := p.judge(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A point is a whole load, whose every token the server has stamped.
func TestPoint(t *testing.T) {
	m := beside(t)
	for _, gap := range []time.Duration{20 * time.Millisecond, 10 * time.Millisecond} {
		p, err := m.point(t.Context(), 4, gap)
		if err != nil {
			t.Fatal(err)
		}
		f := p.Figures
		if p.ChunksPerSecond != 4/gap.Seconds() || f.Tokens != 8*int(answer/gap) || p.CPUShare <= 0 || p.Verdict == "" {
			t.Errorf("point: %+v", p)
		}
		if lags := []float64{0, f.LagP50, f.LagP99}; !slices.IsSorted(lags) || f.GapP50 <= 0 || f.GapP50 > f.GapP99 {
			t.Errorf("figures: %+v", f)
		}
	}
}

// beside is a measurement on a null server in a process of its own.
func beside(t *testing.T) measurement {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server, err := nullserver.Start(context.WithoutCancel(t.Context()), self, "null-server") // until it is closed
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return measurement{url: server.URL, dir: t.TempDir(), now: time.Now}
}
