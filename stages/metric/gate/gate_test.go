package gate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/strangeloopio/inferencex/pipeline/stage"
	"github.com/strangeloopio/inferencex/schemas/result"
	"github.com/strangeloopio/inferencex/schemas/table"
	"github.com/strangeloopio/inferencex/stages/metric"
	"github.com/strangeloopio/inferencex/stages/metric/energy"
	"github.com/strangeloopio/inferencex/stages/metric/gate"
	"github.com/strangeloopio/inferencex/stages/metric/measured"
)

func p[T any](v T) *T { return &v }

// cell is a measurement that cases spoil.
type cell struct {
	config stage.CellConfig
	gpu    stage.GPU
	data   metric.Data
	facts  gate.Facts
}

// healthy is a closed loop of 8 users that sent 800 requests of a second each, without a fault.
func healthy() *cell {
	c := &cell{
		config: stage.CellConfig{Labels: result.Labels{GPUType: "H100", GPUs: 2, Users: 8}},
		gpu:    stage.GPU{IdleWatts: 120, TDPWatts: 700},
		facts: gate.Facts{Endpoint: &stage.Endpoint{GPUs: []stage.DeviceGPU{
			{Index: 0, Name: "NVIDIA H100 80GB HBM3"}, {Index: 1, Name: "NVIDIA H100 80GB HBM3"},
		}}},
	}
	c.data.Energy = &energy.Result{Valid: true, Joules: p(30000.0), MeanWatts: p(600.0), Devices: make([]energy.Device, 2)}
	c.requests(800)
	return c
}

func (c *cell) requests(n int) {
	c.data.Requests = nil
	for i := range int64(n) {
		begin := i / 8 * 1e9
		c.data.Requests = append(c.data.Requests, table.Request{
			Index: i, User: int32(i % 8), Status: "ok", TSched: begin, TSend: begin, TFirstToken: p(begin + 1e8), TLastToken: p(begin + 1e9), TDone: begin + 1e9,
			ISLRequested: 1000, ISL: p(int32(1000)), OSLRequested: 500, OSL: p(int32(500)), CachedTokens: p(int32(0)), TokenSource: "usage", Chunks: 500,
		})
	}
}

// each spoils the first n requests.
func (c *cell) each(n int, spoil func(*table.Request)) {
	for i := range n {
		spoil(&c.data.Requests[i])
	}
}

// openLoop sends the requests at an even rate, each of which takes so long.
func openLoop(rate float64, took func(due float64) (seconds float64)) func(*cell) {
	return func(c *cell) {
		c.config.Users, c.config.RateRPS = 0, rate
		for i := range c.data.Requests {
			r := &c.data.Requests[i]
			due := float64(i) / rate
			r.User, r.TSched, r.TSend, r.TDone = -1, int64(1e9*due), int64(1e9*due), int64(1e9*(due+took(due)))
			r.TFirstToken, r.TLastToken = p(r.TSend+1e8), p(r.TDone)
		}
	}
}

// codeCase is a healthy cell, what spoils it, and the reasons that come of that.
type codeCase struct {
	name   string
	spoil  func(*cell)
	want   []string
	detail string // of the first
}

func TestEachCode(t *testing.T) {
	cases := []codeCase{
		{"nothing wrong", func(*cell) {}, nil, ""},
		{
			"9 of 800 fail", func(c *cell) { c.each(9, func(r *table.Request) { r.Status = "timeout" }) },
			[]string{"errors"},
			"9 of 800 requests failed (9 timeout)",
		},
		{
			"8 of 800 fail", func(c *cell) { c.each(8, func(r *table.Request) { r.Status = "stream_error" }) },
			[]string{"few_errors"},
			"8 of 800 requests failed (8 stream_error)",
		},
		{
			"all fail", func(c *cell) { c.each(800, func(r *table.Request) { r.Status = "http_error" }) },
			[]string{"errors"},
			"800 of 800",
		},
		{
			"the load ends before some answers do", func(c *cell) { c.each(9, func(r *table.Request) { r.Status = "unfinished" }) },
			[]string{"unfinished"},
			"9 of 800 requests were still under way when the load and its grace were over: raise the workload's grace",
		},
		{
			"it ends before any answer does", func(c *cell) { c.each(800, func(r *table.Request) { r.Status = "unfinished" }) },
			[]string{"errors", "unfinished"},
			"0 of 800 requests failed",
		},
		{
			"requests that the server refuses", func(c *cell) {
				c.each(800, func(r *table.Request) { r.Status, r.Error = "http_error", "HTTP 400: the context is 40 tokens" })
			},
			[]string{"errors"},
			"800 of 800 requests failed (800 http_error); the first: HTTP 400: the context is 40 tokens",
		},
		{
			"the prompt was built from words", func(c *cell) { c.each(800, func(r *table.Request) { r.ISL = p(int32(889)) }) },
			[]string{"isl_mismatch"},
			"mean input is 889 tokens, 1000 were requested",
		},
		{
			"a chat template adds 5 tokens", func(c *cell) {
				c.each(800, func(r *table.Request) { r.ISLRequested, r.ISL = 100, p(int32(105)) })
			}, nil, "",
		},
		{
			"texts of a dataset, as long as they are", func(c *cell) {
				i := int32(0)
				c.each(800, func(r *table.Request) { i++; r.ISLRequested, r.ISL = 0, p(i) })
			}, nil, "",
		},
		{
			"the model stops early", func(c *cell) { c.each(800, func(r *table.Request) { r.OSL = p(int32(300)) }) },
			[]string{"osl_mismatch"},
			"mean output is 300 tokens",
		},
		{
			"short answers stop at half", func(c *cell) {
				c.each(800, func(r *table.Request) { r.OSLRequested, r.OSL = 16, p(int32(9)) })
			},
			[]string{"osl_mismatch"},
			"mean output is 9 tokens, 16 were requested",
		},
		{
			"the end of the text counts as a token", func(c *cell) {
				c.each(800, func(r *table.Request) { r.OSLRequested, r.OSL = 16, p(int32(17)) })
			}, nil, "",
		},
		{
			"lengths of a distribution", func(c *cell) {
				i := int32(0)
				c.each(800, func(r *table.Request) { i++; r.ISLRequested, r.OSLRequested, r.ISL, r.OSL = 100+i, i, p(100+i), p(i) })
			}, nil, "",
		},
		{
			"the model may end an answer", func(c *cell) {
				c.config.OSLAtMost = true
				c.each(800, func(r *table.Request) { r.OSL = p(int32(300)) })
			}, nil, "",
		},
		{
			"the model may end an answer and does not", func(c *cell) {
				c.config.OSLAtMost = true
				c.each(800, func(r *table.Request) { r.OSL = p(int32(520)) })
			},
			[]string{"osl_mismatch"},
			"mean output is 520 tokens, 500 were requested",
		},
		{
			"prompts of another length, and answers that the model may end", func(c *cell) {
				c.config.OSLAtMost = true
				c.each(800, func(r *table.Request) { r.ISL = p(int32(889)) })
			},
			[]string{"isl_mismatch"},
			"mean input is 889 tokens",
		},
		{
			"a mean that hides what each request got", func(c *cell) {
				i := int32(0)
				c.each(800, func(r *table.Request) { i++; r.OSLRequested, r.OSL = 100+i%2*100, p(int32(150)) })
			},
			[]string{"osl_mismatch"},
			"mean output is 150 tokens, 150 were requested; a request misses its own by 50",
		},
		{
			"one prompt for all", func(c *cell) { c.each(800, func(r *table.Request) { r.CachedTokens = p(int32(900)) }) },
			[]string{"prefix_contaminated"},
			"90 % of the input came from the prefix cache, 0 % was meant to",
		},
		{
			"a shared prefix is meant", func(c *cell) {
				c.facts.SharedPrefix = 900
				c.each(800, func(r *table.Request) { r.CachedTokens = p(int32(900)) })
			}, nil, "",
		},
		{"what prompts share is meant, whatever it is", func(c *cell) {
			i := int32(0)
			c.each(800, func(r *table.Request) { i++; r.CachedTokens, r.ISLShared = p(i), p(i) })
		}, nil, ""},
		{
			"more is cached than prompts share", func(c *cell) {
				c.facts.SharedPrefix = 900 // of which the rows know better
				c.each(800, func(r *table.Request) { r.CachedTokens, r.ISLShared = p(int32(900)), p(int32(800)) })
			},
			[]string{"prefix_contaminated"},
			"90 % of the input came from the prefix cache, 80 % was meant to",
		},
		{
			"half of the users idle", func(c *cell) { c.config.Users = 16 },
			[]string{"concurrency_missed", "steady_window_empty"},
			"8 of 16 users never sent a request",
		},
		{
			"half of the users pause", func(c *cell) {
				c.each(800, func(r *table.Request) {
					if r.User >= 4 {
						r.TFirstToken, r.TLastToken, r.TDone = p(r.TSend+1e8), p(r.TSend+2e8), r.TSend+2e8
					}
				})
			},
			[]string{"concurrency_missed", "interactivity_skewed"},
			"4.8 requests were in flight on average for 8 users",
		},
		{
			"users think as they are to", func(c *cell) {
				c.config.ThinkTime = "1s"
				c.each(800, func(r *table.Request) {
					r.TSched, r.TSend, r.TDone = 2*r.TSched, 2*r.TSend, 2*r.TSend+1e9
					r.TFirstToken, r.TLastToken = p(r.TSend+1e8), p(r.TSend+1e9)
				})
			},
			nil, "",
		},
		{
			"half of the users who think begin late", func(c *cell) {
				c.config.ThinkTime = "1s"
				c.each(800, func(r *table.Request) {
					late := int64(0)
					if r.User >= 4 {
						late = 150e9
					}
					r.TSched = 2*r.TSched + late
					r.TSend, r.TDone, r.TFirstToken, r.TLastToken = r.TSched, r.TSched+1e9, p(r.TSched+1e8), p(r.TSched+1e9)
				})
			},
			[]string{"concurrency_missed"},
			"4.6 of 8 users were in flight or thinking on average, 2.3 of them in flight; 14 % of the window was steady",
		},
		{
			"conversations find in the prefix cache what was said in them", func(c *cell) {
				c.config.Turns = "2"
				c.each(800, func(r *table.Request) {
					if r.Turn, r.Turns, r.Session = p(int32(r.Index/8%2+1)), p(int32(2)), p(r.Index/16*8+r.Index%8); *r.Turn == 2 {
						r.ISLShared, r.CachedTokens = p(int32(900)), p(int32(896))
					} else {
						r.ISLShared = p(int32(0))
					}
				})
			},
			nil, "",
		},
		{
			"one user never begins", func(c *cell) {
				c.each(800, func(r *table.Request) { r.User = min(r.User, 6) })
			},
			[]string{"concurrency_missed"},
			"1 of 8 users never sent a request",
		},
		{
			"a server that keeps no connection", func(c *cell) { c.each(9, func(r *table.Request) { r.StaleRetries = 1 }) },
			[]string{"stale_connections"},
			"9 times a request of 800 was sent again",
		},
		{
			"a server that closes over a tenth of its requests", func(c *cell) { c.each(80, func(r *table.Request) { r.StaleRetries = 1 }) },
			[]string{"stale_connections"},
			"80 times a request of 800 was sent again",
		},
		{
			"a server that closes over more of its requests", func(c *cell) { c.each(81, func(r *table.Request) { r.StaleRetries = 1 }) },
			[]string{"connections_closed"},
			"the server closed 81 of 800 requests' kept connections without an answer, and they were sent again: have it keep its connections, or say Connection: close",
		},
		{
			"one request that is sent again and again", func(c *cell) { c.each(1, func(r *table.Request) { r.StaleRetries = 90 }) },
			[]string{"stale_connections"},
			"90 times a request of 800 was sent again",
		},
		{
			"answers that nobody asked for", func(c *cell) { c.facts.Client.Unsolicited = 9 },
			[]string{"unsolicited_answers"},
			"9 times in 800 requests the server sent bytes that no request had asked for; each time the connection was closed",
		},
		{
			"answers to other requests", func(c *cell) { c.facts.Client.Unsolicited, c.facts.Client.MisplacedAnswers = 8, 1 },
			[]string{"unsolicited_answers"},
			"8 times in 800 requests the server sent bytes that no request had asked for; each time the connection was closed; " +
				"1 request did not get the answer to itself",
		},
		{
			"bytes that nobody asked for, now and then", func(c *cell) { c.facts.Client.Unsolicited = 8 },
			[]string{"unsolicited_bytes"},
			"8 times in 800 requests the server sent bytes that no request had asked for",
		},
		{"a stale connection now and then", func(c *cell) { c.each(8, func(r *table.Request) { r.StaleRetries = 1 }) }, nil, ""},
		{
			"a long tail", func(c *cell) {
				last := &c.data.Requests[799]
				last.TDone = 130e9
				last.TLastToken = p(last.TDone)
			},
			[]string{"concurrency_ramp"},
			"77 % of the window was steady",
		},
		{
			"the seed's 50 requests for 128 users", func(c *cell) { c.config.Users = 128; c.requests(50) },
			[]string{"concurrency_missed", "too_few_requests", "steady_window_empty", "p90_small_n", "p99_small_n"},
			"",
		},
		{
			"a GPU short", func(c *cell) { c.facts.Endpoint.GPUs = c.facts.Endpoint.GPUs[:1] },
			[]string{"identity_mismatch"},
			"the endpoint has 1 GPUs, the label says 2",
		},
		{
			"another GPU", func(c *cell) { c.facts.Endpoint.GPUs[1].Name = "NVIDIA A100-SXM4-80GB" },
			[]string{"identity_mismatch"},
			`gpu 1 of the endpoint is a "NVIDIA A100-SXM4-80GB", the label says "H100"`,
		},
		{"nobody saw the GPUs", func(c *cell) { c.facts.Endpoint = nil }, nil, ""},
		{"a cold server", func(c *cell) { c.facts.Cold = true }, []string{"not_warmed_up"}, "nothing was sent to the server before its first load"},
		{
			"usage is missing", func(c *cell) { c.each(3, func(r *table.Request) { r.ISL, r.CachedTokens = nil, nil }) },
			[]string{"length_unknown"},
			"3 of 800",
		},
		{
			"chunks for tokens", func(c *cell) { c.each(800, func(r *table.Request) { r.TokenSource = "chunks" }) },
			[]string{"tokens_by_chunks"},
			"800 of 800",
		},
		{
			"two waves", func(c *cell) { c.requests(16) },
			[]string{"few_waves", "p90_small_n", "p99_small_n"},
			"16 requests for 8 users",
		},
		{"p90 has enough", func(c *cell) { c.requests(64) }, []string{"p99_small_n"}, "p99 rests on 64 requests, fewer than 662"},
		{
			"a simulated server that cannot keep up", serverLag(.0006, .0005, .0010),
			[]string{"simulator_late"},
			"at speed 1 chunks were written 0.6 ms off their times on average, 0.5 ms at p50 and 1.0 ms at p99, and tokens are 1.8 ms apart: lower the speed",
		},
		{
			"a simulated server that stumbles", serverLag(.0100, .0001, .0900),
			[]string{"simulator_uneven"},
			"10.0 ms off their times on average, 0.1 ms at p50 and 90.0 ms at p99",
		},
		{"a simulated server in time", serverLag(.0003, .0004, .0015), nil, ""},
		{
			"a lag between tokens that are far apart", func(c *cell) {
				serverLag(.011, .010, .030)(c)
				c.each(800, func(r *table.Request) { r.OSL, r.OSLRequested, r.Chunks = p(int32(20)), 20, 20 })
			},
			nil, "",
		},
		{"an open loop", openLoop(8, func(float64) float64 { return 1 }), nil, ""},
		{"users who come and go by design", func(c *cell) { c.config.Users, c.config.Pattern = 16, "4-16u" }, nil, ""},
		{"rates that change by design", func(c *cell) {
			openLoop(8, func(float64) float64 { return 1 })(c)
			c.config.Pattern = "4-12rps"
		}, nil, ""},
		{
			"an open loop whose server falls behind", openLoop(8, func(due float64) float64 { return 1 + 0.5*due }),
			[]string{"overloaded", "interactivity_skewed"},
			"8.00 requests/s were sent and 5.33/s answered: each second of sending made them take 0.500 s longer",
		},
		{"an open loop whose server falls behind a little", openLoop(8, func(due float64) float64 { return 1 + 0.05*due }), []string{"interactivity_skewed"}, "interactivity_mean is 187.9 tokens/s/user"},
		{
			"an open loop with more in flight than it may have", func(c *cell) {
				openLoop(8, func(float64) float64 { return 1 })(c)
				c.each(4, func(r *table.Request) { r.Status, r.TDone = "dropped", r.TSched })
			},
			[]string{"few_errors", "overloaded"},
			"4 of 800 requests failed (4 dropped)",
		},
		{
			"an open loop that is over at once", openLoop(1600, func(float64) float64 { return 1 }),
			[]string{"steady_window_empty"},
			"the last request was sent before the load was as old as a request, 1.00 s: send for longer, or at a lower rate",
		},
		{"a client out of CPU", cpu(181), []string{"client_limited"}, "90 %"},
		{"no power", func(c *cell) { c.data.Energy = nil }, []string{"power_missing"}, "no power was read"},
		{"power without a source", invalidPower(energy.CodeMissing), []string{"power_missing"}, "why"},
		{"power_devices", invalidPower(energy.CodeDevices), []string{"power_devices"}, "why"},
		{"power_window", invalidPower(energy.CodeWindow), []string{"power_window"}, "why"},
		{"power_gap and coverage", invalidPower(energy.CodeGap, energy.CodeCoverage), []string{"power_gap", "power_coverage"}, "why"},
		{"power_clock", invalidPower(energy.CodeClock), []string{"power_clock"}, "why"},
		{"power_counter", invalidPower(energy.CodeCounter), []string{"power_counter"}, "why"},
		{
			"the seed's 96 W a GPU under load", func(c *cell) { c.data.Energy.MeanWatts = p(192.0) },
			[]string{"power_implausible"},
			"96 W a GPU under load, it draws 120 W when idle",
		},
		{"idle to the accuracy of a sensor", func(c *cell) { c.data.Energy.MeanWatts = p(220.0) }, nil, ""},
		{"more than the board can", func(c *cell) { c.data.Energy.MeanWatts = p(1600.0) }, []string{"power_implausible"}, "800 W a GPU, its limit is 700 W"},
		{"nothing is known of the GPU", func(c *cell) { c.gpu, c.data.Energy.MeanWatts = stage.GPU{}, p(20.0) }, nil, ""},
		{
			"more tokens than anyone has published", func(c *cell) { c.data.Energy.Joules = p(25000.0) },
			[]string{"efficiency_implausible"},
			"16000 tokens/s/kW, the best published for an 8B model is 14,200",
		},
	}
	hit := map[string]bool{}
	for _, c := range slices.Concat(cases, serverCases(), streamCases()) {
		t.Run(c.name, func(t *testing.T) {
			subject := healthy()
			c.spoil(subject)
			verdict := gate.Judge(metric.NewSample(subject.config, subject.gpu, subject.data), subject.facts)
			var codes []string
			for _, r := range verdict.Reasons {
				codes = append(codes, r.Code)
				hit[r.Code] = true
			}
			if diff := cmp.Diff(c.want, codes); diff != "" {
				t.Fatalf("%s\n%+v", diff, verdict.Reasons)
			}
			if c.detail != "" && !strings.Contains(verdict.Reasons[0].Detail, c.detail) {
				t.Errorf("detail %q does not say %q", verdict.Reasons[0].Detail, c.detail)
			}
			if want := worst(verdict.Reasons); verdict.Validity != want {
				t.Errorf("%s, want %s", verdict.Validity, want)
			}
		})
	}
	for _, rule := range gate.Rules() {
		if !hit[rule.Code] {
			t.Errorf("no case gives %s", rule.Code)
		}
	}
}

func serverLag(mean, p50, p99 float64) func(*cell) {
	return func(c *cell) {
		c.facts.ServerLag = measured.ServerLag{Chunks: 400000, MeanSeconds: mean, P50Seconds: p50, P99Seconds: p99}
	}
}

func invalidPower(codes ...energy.Code) func(*cell) {
	return func(c *cell) {
		c.data.Energy = &energy.Result{}
		for _, code := range codes {
			c.data.Energy.Reasons = append(c.data.Energy.Reasons, energy.Reason{Code: code, Detail: "why"})
		}
	}
}

func worst(reasons []gate.Reason) gate.Validity {
	verdict := gate.Valid
	for _, r := range reasons {
		if r.Severity == gate.Invalid {
			return gate.NotValid
		}
		verdict = gate.ValidWithNotes
	}
	return verdict
}

func TestRulesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range gate.Rules() {
		if seen[r.Code] || r.Doc == "" || (r.Severity != gate.Note && r.Severity != gate.Invalid) {
			t.Errorf("rule %q is there twice or lacks a meaning or severity", r.Code)
		}
		seen[r.Code] = true
	}
}
