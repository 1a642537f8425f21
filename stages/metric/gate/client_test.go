package gate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/gate"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// late has the first n requests leave so long after they were due; the median ttft of the cell is 100 ms.
func late(n int, ns int64) func(*cell) {
	return func(c *cell) { c.each(n, func(r *table.Request) { r.TSched = r.TSend - ns }) }
}

// gaps gives each request its 500 tokens one by one, of which every bunch-th waits for the mean of so many gaps and the others for within.
func gaps(bunch int, within int64) func(*cell) {
	return func(c *cell) {
		for _, r := range c.data.Requests {
			at := *r.TFirstToken
			for seq := range int32(500) {
				c.data.Chunks = append(c.data.Chunks, metric.Chunk{Request: r.Index, Seq: seq, TNS: at})
				at += within
				if int(seq)%bunch == bunch-1 {
					at += int64(bunch) * (18e5 - within)
				}
			}
		}
	}
}

func simulated(speed float64) func(*cell) {
	return func(c *cell) {
		c.facts.Endpoint.Simulated, c.facts.Endpoint.Clock = true, stage.ServerClock{Speed: speed}
	}
}

func cpu(seconds float64) func(*cell) {
	return func(c *cell) { c.facts.Client = measured.Client{MaxProcs: 2, WallSeconds: 100, CPUSeconds: seconds} }
}

// waited has the client's reads of bytes wait so long at p50 and p99.
func waited(samples int64, p50, p99 float64) func(*cell) {
	return func(c *cell) { c.facts.Client.ReadLag = measured.Lag{Samples: samples, P50: p50, P99: p99, Max: p99} }
}

// ceiling has the machine keep up with so many chunks a second.
func ceiling(rate float64, at time.Time) func(*cell) {
	return func(c *cell) {
		c.facts.Client.Ceiling = &measured.Ceiling{Streams: 16, ChunksPerSecond: rate, MeasuredAt: at}
	}
}

func TestClientLimited(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil []func(*cell)
		want  string // empty: not limited
	}{
		{"2 % leave 11 ms late", []func(*cell){late(16, 11e6)}, "requests left 11.0 ms late (p99), the median ttft is 100.0 ms"},
		{"2 % leave 9 ms late, which is little beside the ttft", []func(*cell){late(16, 9e6)}, ""},
		{"half a percent leaves late", []func(*cell){late(4, 500e6)}, ""},
		{"4 ms are nothing beside a short ttft, either", []func(*cell){late(16, 4e6), func(c *cell) {
			c.each(800, func(r *table.Request) { r.TFirstToken = p(r.TSend + 1e6) })
		}}, ""},
		{"an open loop", []func(*cell){late(16, 11e6), func(c *cell) { c.config.Users, c.config.RateRPS = 0, 8 }}, "requests left 11.0 ms late (p99)"},
		{"a simulated server's bursts", []func(*cell){late(300, 90e6), simulated(1)}, ""},
		{"all leave late for a simulated server", []func(*cell){late(800, 90e6), simulated(3)}, "requests left 30.0 ms late (p50), the median ttft is 33.3 ms"},
		{"12 ms of a second that passes 3 times as fast", []func(*cell){late(800, 12e6), simulated(3)}, ""},

		{"reads wait 11 ms", []func(*cell){waited(100, 0, .011)}, "what the server sent waited 11.0 ms to be read (p99), the median ttft is 100.0 ms"},
		{"reads wait 9 ms, which is little beside the ttft", []func(*cell){waited(100, 0, .009)}, ""},
		{"but much beside the gaps", []func(*cell){waited(100, 0, .009), gaps(1, 0)}, "what the server sent waited 9.0 ms to be read (p99), the median ttft is 100.0 ms and tokens are 1.8 ms apart"},
		{"4 ms are nothing beside the gaps, either", []func(*cell){waited(100, 0, .004), gaps(1, 0)}, ""},
		{"one of a few reads waits", []func(*cell){waited(99, 0, 1)}, ""},
		{"reads wait for a simulated server", []func(*cell){waited(100, .009, 1), simulated(1)}, ""},
		{"half of them", []func(*cell){waited(100, .011, 1), simulated(1)}, "what the server sent waited 11.0 ms to be read (p50)"},
		{"the kernel does not say, but timers are late", []func(*cell){func(c *cell) {
			c.facts.Client.TickLag = measured.Lag{Samples: 100, P99: .011}
		}}, "what was due in the client was 11.0 ms late (p99), the median ttft is 100.0 ms"},
		{"timers are late, but reads are not", []func(*cell){waited(100, 0, .001), func(c *cell) {
			c.facts.Client.TickLag = measured.Lag{Samples: 100, P99: 1}
		}}, ""},

		{"collecting garbage", []func(*cell){func(c *cell) {
			c.facts.Client = measured.Client{WallSeconds: 100, GCPauseSeconds: 1.1, GCPauseMaxSeconds: .02}
		}}, "the client's garbage collector stopped it for 1.1 % of the time, once for 20.0 ms"},
		{"collecting some", []func(*cell){func(c *cell) { c.facts.Client = measured.Client{WallSeconds: 100, GCPauseSeconds: .9} }}, ""},

		{"above the ceiling", []func(*cell){gaps(1, 0), ceiling(3900, time.Unix(1795429788, 0))}, "4000 chunks came in a second, this machine was found to keep up with 3900 (inferencex calibrate, 2026-11-23)"},
		{"below it", []func(*cell){gaps(1, 0), ceiling(4100, time.Unix(1795429788, 0))}, ""},
		{"above what is no ceiling", []func(*cell){gaps(1, 0), ceiling(3900, time.Unix(1795429788, 0)), func(c *cell) { c.facts.Client.Ceiling.AtLeast = true }}, ""},
		{"above a ceiling that nobody measured", []func(*cell){gaps(1, 0), ceiling(3900, time.Time{})}, ""},

		{"out of CPU", []func(*cell){cpu(181)}, "the client used 90 % of its 2 processors"},
		{"busy", []func(*cell){cpu(179)}, ""},
		{"a simulated server's CPU", []func(*cell){cpu(199), simulated(1)}, ""},

		{"20 tokens at a time", []func(*cell){gaps(20, 0)}, "the median gap between tokens is 0.000 ms, the mean 1.7 ms: they were read in bunches"},
		{"0.1 ms apart is still a bunch", []func(*cell){gaps(20, 1e5)}, "the median gap between tokens is 0.100 ms"},
		{"one by one", []func(*cell){gaps(1, 0)}, ""},
		{"every 20th waits for a prefill", []func(*cell){gaps(20, 1e6)}, ""},
		{"the server sends 20 tokens a chunk", []func(*cell){gaps(20, 0), func(c *cell) {
			c.each(800, func(r *table.Request) { r.OSL, r.OSLRequested = p(int32(10000)), 10000 })
		}}, ""},
		{"bunches within a fast second", []func(*cell){gaps(20, 1e5), simulated(0.1)}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := healthy()
			for _, spoil := range tc.spoil {
				spoil(c)
			}
			verdict := gate.Judge(metric.NewSample(c.config, c.gpu, c.data), c.facts)
			detail := ""
			for _, r := range verdict.Reasons {
				if r.Code == "client_limited" {
					detail = r.Detail
				}
			}
			if (detail == "") != (tc.want == "") || !strings.HasPrefix(detail, tc.want) {
				t.Errorf("%q, want %q", detail, tc.want)
			}
			if tc.want != "" && verdict.Validity != gate.NotValid {
				t.Errorf("the cell is %s", verdict.Validity)
			}
		})
	}
}
