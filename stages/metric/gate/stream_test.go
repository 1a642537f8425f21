package gate_test

import (
	"testing"

	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/gate"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

// atOnce has the tokens of the first n answers come together, in so many chunks within so many ns.
func atOnce(n int, chunks int32, span int64) func(*cell) {
	return func(c *cell) {
		c.each(n, func(r *table.Request) {
			r.Chunks, r.TFirstToken, r.TLastToken = chunks, p(r.TSend+1e9-span), p(r.TSend+1e9)
		})
	}
}

// readAtOnce says that what came waited for so long at most to be read.
func readAtOnce(seconds float64) func(*cell) {
	return func(c *cell) { c.facts.Client.ReadLag = measured.Lag{Samples: 100, P50: seconds, P99: seconds} }
}

// timed says of each request how many of its 500 tokens were seen to come, how many of all were reasoning
// by usage, how many events had text that could not be read, and how many bytes came.
func timed(timed, reasoning, unread int32, bytes int64) func(*cell) {
	return func(c *cell) {
		c.each(800, func(r *table.Request) {
			r.OSLTimed, r.Unread, r.OutputBytes = &timed, &unread, bytes
			if reasoning > 0 {
				r.Reasoning = &reasoning
			}
		})
	}
}

func both(spoils ...func(*cell)) func(*cell) {
	return func(c *cell) {
		for _, spoil := range spoils {
			spoil(c)
		}
	}
}

func streamCases() []codeCase {
	return []codeCase{
		{
			"a proxy holds every stream", atOnce(800, 500, 0),
			[]string{"not_streamed"},
			"800 of 800 answers of several tokens came at one instant; a proxy between here and the server holds the stream back",
		},
		{"a burst of several reads", atOnce(800, 500, 3e5), []string{"not_streamed"}, "800 of 800"},
		{"whole answers in one delta", atOnce(800, 1, 0), []string{"not_streamed"}, "each came in one delta: lower the server's stream interval"},
		{"9 of 800 at one instant", atOnce(9, 500, 0), []string{"not_streamed"}, "9 of 800"},
		{"8 of 800 at one instant", atOnce(8, 500, 0), nil, ""},
		{
			"answers of one token", both(atOnce(800, 1, 0), func(c *cell) {
				c.each(800, func(r *table.Request) { r.OSL, r.OSLRequested = p(int32(1)), 1 })
			}), nil, "",
		},
		{
			"bunches that were read at once", both(gaps(20, 0), readAtOnce(0.0001)),
			[]string{"not_streamed"},
			"the median gap between tokens is 0.000 ms, the mean 1.7 ms, and what came was read at once: a proxy",
		},
		{"bunches that waited here", both(gaps(20, 0), readAtOnce(0.002)), []string{"client_limited"}, "they were read in bunches"},
		{"all tokens timed", timed(500, 0, 0, 2000), nil, ""},
		{
			"three of four tokens in a form that is not read", timed(125, 0, 375, 600),
			[]string{"tokens_untimed"},
			"300000 of 400000 output tokens came in no form that is read, so that no latency rests on them; 300000 events had text under names that are not known",
		},
		{"fewer bytes than tokens", timed(500, 0, 0, 400), []string{"tokens_untimed"}, "80000 of 400000 output tokens"},
		{"a hundredth of the tokens", timed(495, 0, 5, 2000), nil, ""},
		{
			"reasoning that is counted and not streamed", timed(125, 375, 0, 600),
			[]string{"reasoning_unseen"},
			"800 of 800 answers have reasoning that was not streamed, 300000 tokens: latencies rest on the other 100000",
		},
		{"reasoning that is streamed", timed(500, 375, 0, 2000), nil, ""},
		{"text beyond the hidden reasoning that is not read", timed(60, 375, 65, 600), []string{"tokens_untimed", "reasoning_unseen"}, "52000 of 100000"},
		{
			"one answer of 32 in a burst", func(c *cell) {
				for i := range 25 {
					c.data.Requests[32*i].TFirstToken = p(*c.data.Requests[32*i].TLastToken - 6e7)
				}
			},
			[]string{"interactivity_skewed"},
			"interactivity_mean is",
		},
	}
}

// TestAStreamThatDidNotStreamHasNoPace: an objective on the times between tokens is missed where there are
// none, by each request too.
func TestAStreamThatDidNotStreamHasNoPace(t *testing.T) {
	c := healthy()
	c.config.SLO = map[string]float64{"tpot_p99": 1}
	atOnce(800, 500, 0)(c)
	s := metric.NewSample(c.config, c.gpu, c.data)
	for _, name := range []string{"tpot_mean_s", "tpot_p99_s", "icl_mean_s", "interactivity", "interactivity_p50", "interactivity_mean"} {
		def, ok := metric.Find(name)
		if v, has := def.Compute(s); !ok || has {
			t.Errorf("%s = %v, want none", name, v)
		}
	}
	if missed := s.Missed(); len(missed) != 1 {
		t.Errorf("objectives missed: %v, want tpot_p99", missed)
	}
	good, _ := metric.Find("good_fraction")
	if v, ok := good.Compute(s); !ok || v != 0 {
		t.Errorf("good fraction %v, %v, want 0", v, ok)
	}
	if v := gate.Judge(s, c.facts); v.Validity != gate.NotValid {
		t.Errorf("the cell is %s", v.Validity)
	}
}
