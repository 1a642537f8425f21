package gate_test

import (
	"testing"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/gate"
)

// says gives the cell its server's own account: one that agrees with the healthy cell's rows, as each of change leaves it. The last reading is the one
// after the load.
func says(change ...func(*cell, []table.Server)) func(*cell) {
	return func(c *cell) {
		rows := []table.Server{{Phase: "before", TSend: -1e6, TDone: -1e6}}
		for i := range int64(99) {
			rows = append(rows, table.Server{Phase: "during", TSend: i*1e9 + 5e8, TDone: i*1e9 + 5e8})
		}
		rows = append(rows, table.Server{Phase: "after", TSend: 1e11, TDone: 1e11})
		for i := range rows {
			r, done := &rows[i], float64(8*i)
			if i == len(rows)-1 {
				done = 800
			}
			r.Engine, r.Running, r.Waiting, r.KVUsage = "vllm", p(8.0), p(0.0), p(0.5)
			r.InputTokens, r.OutputTokens, r.Finished = p(7e6+1000*done), p(3e6+500*done), p(6000+done)
			r.PrefixQueries, r.PrefixHits, r.Preemptions = p(7e6+1000*done), p(1e6), p(5.0)
			r.TTFTSumSeconds, r.TTFTCount = p(600+.1*done), p(6000+done)
			r.QueueSumSeconds, r.QueueCount = p(50+.06*done), p(6000+done)
		}
		for _, spoil := range change {
			spoil(c, rows)
		}
		c.data.Server = rows
	}
}

// each changes every reading of the server.
func each(change func(*table.Server)) func(*cell, []table.Server) {
	return func(_ *cell, rows []table.Server) {
		for i := range rows {
			change(&rows[i])
		}
	}
}

// last changes the reading after the load.
func last(change func(*table.Server)) func(*cell, []table.Server) {
	return func(_ *cell, rows []table.Server) { change(&rows[len(rows)-1]) }
}

// more adds to a counter during the load.
func more(of func(*table.Server) *float64, n float64) func(*cell, []table.Server) {
	return last(func(r *table.Server) { *of(r) += n })
}

func outputTokens(r *table.Server) *float64 { return r.OutputTokens }
func finished(r *table.Server) *float64     { return r.Finished }
func ttftSum(r *table.Server) *float64      { return r.TTFTSumSeconds }

// unfinished has the last 8 requests cut off.
func unfinished(c *cell, _ []table.Server) {
	for i := 792; i < 800; i++ {
		c.data.Requests[i].Status, c.data.Requests[i].OSL = "unfinished", nil
	}
}

func serverCases() []codeCase {
	return []codeCase{
		{"the server agrees", says(), nil, ""},
		{"the server tells little", says(each(func(r *table.Server) { *r = table.Server{Phase: r.Phase, TSend: r.TSend, TDone: r.TDone} })), nil, ""},
		{
			"the server restarts", says(func(_ *cell, rows []table.Server) {
				for i := range rows {
					if rows[i].ProcessStart = p(1e9); i >= 50 {
						rows[i].ProcessStart, rows[i].OutputTokens, rows[i].InputTokens = p(1e9+60), p(500.0*float64(i)), p(1000.0*float64(i))
					}
				}
			}),
			[]string{"server_restarted"},
			"the server restarted in the middle of the load",
		},
		{
			"its counters go back, and a request fails", says(func(c *cell, rows []table.Server) {
				c.data.Requests[400].Status, c.data.Requests[400].OSL = "truncated", nil
				for i := 50; i < len(rows); i++ {
					rows[i].OutputTokens, rows[i].InputTokens = p(500.0*float64(i)), p(1000.0*float64(i))
				}
			}),
			[]string{"server_restarted", "few_errors"},
			"the server restarted in the middle of the load",
		},
		{
			"its counters go back, and no request minds", says(func(_ *cell, rows []table.Server) {
				for i := 50; i < len(rows); i++ {
					rows[i].OutputTokens, rows[i].InputTokens = p(500.0*float64(i)), p(1000.0*float64(i))
				}
			}),
			[]string{"server_several"},
			"/metrics was answered by several servers by turns",
		},
		{
			"two servers by turns", says(func(_ *cell, rows []table.Server) {
				for i := range rows {
					if rows[i].Running = p(4.0); i%2 == 1 {
						rows[i].OutputTokens, rows[i].InputTokens = p(500.0*float64(i)), p(1000.0*float64(i))
					}
				}
			}),
			[]string{"server_several"},
			"/metrics was answered by several servers by turns: where several servers have one address, name that of each one's metrics in metrics_urls of the provider",
		},
		{
			"one of two servers", says(each(func(r *table.Server) {
				r.Finished, r.OutputTokens, r.TTFTCount, r.Running = p(6000+(*r.Finished-6000)/2), p(3e6+(*r.OutputTokens-3e6)/2), p(6000+(*r.TTFTCount-6000)/2), p(4.0)
			})),
			[]string{"server_several"},
			"the server that showed its metrics ended 400 requests, and 800 were answered: where several",
		},
		{
			"the answers' usage says more than was generated", says(each(func(r *table.Server) { r.OutputTokens = p(3e6 + .9899*(*r.OutputTokens-3e6)) })),
			[]string{"token_mismatch"},
			"the server counts 395,960 generated tokens, its answers to the client had 400,000",
		},
		{"and so by 1 %", says(each(func(r *table.Server) { r.OutputTokens = p(3e6 + .9901*(*r.OutputTokens-3e6)) })), nil, ""},
		{"more than one token in a chunk, of answers that tell no usage", says(func(c *cell, _ []table.Server) {
			c.each(800, func(r *table.Request) { r.TokenSource, r.OSL = "chunks", p(int32(200)) })
		}), []string{"osl_mismatch", "tokens_by_chunks"}, ""},
		{"a request that is cut off generates nothing", says(unfinished, more(outputTokens, -4000)), []string{"unfinished"}, ""},
		{"or all of it", says(unfinished), []string{"unfinished"}, ""},
		{
			"others' tokens", says(more(outputTokens, 10000), more(finished, 5)),
			[]string{"foreign_traffic"},
			"10,000 of 410,000 tokens that the server generated were for others, and 5 of 805 requests that it ended",
		},
		{
			"others' requests, of few tokens", says(more(outputTokens, 30), more(finished, 30)),
			[]string{"foreign_traffic"},
			"30 of 830 requests that it ended were others'",
		},
		{
			"a probe of one token", says(more(outputTokens, 1), more(finished, 1)),
			[]string{"little_foreign_traffic"},
			"1 of 801 requests that it ended were others'",
		},
		{"a request that was sent again", says(more(finished, 1), func(c *cell, _ []table.Server) { c.data.Requests[0].StaleRetries = 1 }), nil, ""},
		{
			"the server sees its first token after the client", says(more(ttftSum, 5)),
			[]string{"ttft_mismatch"},
			"the server counts a mean ttft of 0.106 s, the client measured 0.100 s",
		},
		{"by 4 %", says(more(ttftSum, 3)), nil, ""},
		{"by a chunk that a simulated server wrote early", says(more(ttftSum, 5), func(c *cell, _ []table.Server) { simulated(10)(c) }), nil, ""},
		{"or so it seems, as it counts others' too", says(more(ttftSum, 50), last(func(r *table.Server) { *r.TTFTCount++ })), nil, ""},
		{
			"a proxy", says(more(ttftSum, -32), func(c *cell, _ []table.Server) { c.facts.Endpoint.RTTSeconds = 0.035 }),
			[]string{"delay_outside_server"},
			"0.0400 s of the mean ttft of 0.100 s passed outside of the server, which counts 0.0600 s; a request that does no work takes 0.0350 s",
		},
		{"24 % of a ttft", says(more(ttftSum, -19)), nil, ""},
		{"9 ms of a fast second", says(more(ttftSum, -32), func(c *cell, _ []table.Server) { simulated(10)(c) }), nil, ""},
		{
			"a proxy that lets few requests through", says(each(func(r *table.Server) { r.Running = p(5.0) })),
			[]string{"server_concurrency"},
			"the server had 5.00 requests on average when the client had 8.00 in flight",
		},
		{"a queue is a part of what the server has", says(each(func(r *table.Server) { r.Running, r.Waiting = p(5.0), p(0.0) }), func(_ *cell, rows []table.Server) {
			for i := range rows {
				rows[i].Waiting = p(float64(i % 5)) // and is empty at times
			}
		}), nil, ""},
		{"three looks tell nothing", says(each(func(r *table.Server) { r.Running = p(2.0) }), func(_ *cell, rows []table.Server) {
			for i := range rows {
				if i > 3 {
					rows[i].Running = nil
				}
			}
		}), nil, ""},
		{
			"more users than places", says(each(func(r *table.Server) { r.Running, r.Waiting = p(6.0), p(2.0) })),
			[]string{"server_queue"},
			"2.00 requests waited on average, never fewer than 2 and at most 2, while at most 6 ran; a request waited 0.0600 s",
		},
		{"what has come since the last step", says(each(func(r *table.Server) { r.Running, r.Waiting = p(199.0), p(1.0) }), func(c *cell, _ []table.Server) {
			c.config.Users = 0
		}), []string{"server_concurrency"}, ""},
		{"a queue that is empty at times", says(each(func(r *table.Server) { r.Running, r.Waiting = p(6.0), p(2.0) }), func(_ *cell, rows []table.Server) {
			rows[50].Waiting = p(0.0)
		}), nil, ""},
		{
			"preemptions", says(last(func(r *table.Server) { *r.Preemptions = 17 })),
			[]string{"preemptions"},
			"12 preemptions in 800 requests: at most 50 % of the KV cache was in use",
		},
		{
			"hits that no answer tells of", says(last(func(r *table.Server) { *r.PrefixHits += 48000 })),
			[]string{"prefix_contaminated"},
			"0 % of the input came from the prefix cache, 0 % was meant to; the server counts 6 %",
		},
		{
			"hits where no answer tells of any", says(last(func(r *table.Server) { *r.PrefixHits += 48000 }), func(c *cell, _ []table.Server) {
				c.each(800, func(r *table.Request) { r.CachedTokens = nil })
			}),
			[]string{"prefix_contaminated"},
			"6 % of the input came from the prefix cache by the server's count, 0 % was meant to",
		},
		{"hits that are meant", says(last(func(r *table.Server) { *r.PrefixHits += 720000 }), func(c *cell, _ []table.Server) {
			c.facts.SharedPrefix = 900
			c.each(800, func(r *table.Request) { r.CachedTokens = nil })
		}), nil, ""},
		{"hits of what was preempted", says(last(func(r *table.Server) { *r.PrefixHits += 48000; *r.Preemptions += 50 })), []string{"preemptions"}, ""},
	}
}

// An open loop has no users; its server's account is judged all the same.
func TestServerOfAnOpenLoop(t *testing.T) {
	c := healthy()
	openLoop(8, func(float64) float64 { return 1 })(c)
	says(more(outputTokens, 10000), each(func(r *table.Server) { r.Running, r.Waiting = p(6.0), p(2.0) }))(c)
	var codes []string
	for _, r := range gate.Judge(metric.NewSample(c.config, stage.GPU{}, c.data), c.facts).Reasons {
		codes = append(codes, r.Code)
	}
	if len(codes) != 2 || codes[0] != "foreign_traffic" || codes[1] != "server_queue" {
		t.Errorf("reasons %v", codes)
	}
}
